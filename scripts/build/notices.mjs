import { fs, globby, path } from 'zx';

/**
 * The licences of the packages whose code is in `dist/`: they ask for their text to go with it.
 *
 * @param {import('esbuild').Metafile[]} metafiles
 */
export async function writeNotices(metafiles) {
  const inputs = metafiles.flatMap(({ outputs }) =>
    Object.values(outputs).flatMap(({ inputs }) => Object.keys(inputs)),
  );
  const folders = new Set(inputs.flatMap((file) => /^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file)?.[1] ?? []));
  const notices = await Promise.all([...folders].sort().map(noticeOf));
  const unique = [...new Set(notices)];
  const head = 'The JavaScript files beside this one contain code of these packages:\n';
  await fs.outputFile('dist/NOTICE', [head, ...unique].join(`\n${'-'.repeat(80)}\n\n`));
}

async function noticeOf(folder) {
  const { name, version, license } = await fs.readJson(path.join(folder, 'package.json'));
  const [file] = (await globby('licen[cs]e*', { cwd: folder, caseSensitiveMatch: false })).sort();
  if (file === undefined) throw new Error(`${folder}: no text of its licence (${license})`);
  const text = await fs.readFile(path.join(folder, file), 'utf8');
  return `${name} ${version} (${license})\n\n${text.trim()}\n`;
}
