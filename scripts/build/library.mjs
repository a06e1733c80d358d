import { build } from 'esbuild';
import { fs } from 'zx';
import { BUNDLE } from './bundle.mjs';
import { apartIn } from './plugins.mjs';

/** Entries of the library: the name in `dist/`, and the source. */
export const LIBRARY = { index: 'ts/index.ts', native: 'ts/lowLevel/index.ts' };
/** What a process in the namespace of an ordinary user runs; of the library, too. */
const INSIDE = 'ts/api/inside/main.ts';

/**
 * The library is CommonJS, and an ES module beside each entry passes its names on: a program that gets it both ways has one rcx, with
 * one class of errors and one addon. Both entries share `library.cjs` for the same reason.
 *
 * @returns {Promise<import('esbuild').Metafile[]>} what was written, and of what
 */
export async function buildLibrary() {
  const names = await exportedNames();
  // Each is evaluated when it is asked for: the one for the native part loads the addon.
  const contents = Object.entries({ ...LIBRARY, inside: INSIDE })
    .map(([entry, source]) => `export const ${entry} = () => require('./${source}');`)
    .join('\n');
  const common = { ...BUNDLE, supported: { 'dynamic-import': false }, plugins: [apartIn('.')] };
  const [library, worker] = await Promise.all([
    build({
      ...common,
      stdin: { contents, resolveDir: '.', sourcefile: 'library.mjs' },
      outdir: undefined,
      outfile: 'dist/library.cjs',
    }),
    build({ ...common, entryPoints: { 'layer-worker': 'ts/layer/worker.ts' } }),
  ]);
  await Promise.all(Object.keys(LIBRARY).map((entry) => writeEntry(entry, names[entry])));
  await fs.outputFile('dist/inside.cjs', `'use strict';\nrequire('./library.cjs').inside();\n`);
  return [library.metafile, worker.metafile];
}

/** What each entry exports besides types. */
async function exportedNames() {
  const { metafile } = await build({
    ...BUNDLE,
    entryPoints: LIBRARY,
    format: 'esm',
    outExtension: {},
    packages: 'external',
    splitting: true,
    write: false,
  });
  const outputs = Object.values(metafile.outputs);
  return Object.fromEntries(
    Object.entries(LIBRARY).map(([entry, source]) => [
      entry,
      outputs.find(({ entryPoint }) => entryPoint === source).exports.sort(),
    ]),
  );
}

async function writeEntry(entry, names) {
  const list = names.join(', ');
  await fs.outputFile(
    `dist/${entry}.cjs`,
    `'use strict';\nconst { ${list} } = require('./library.cjs').${entry}();\nmodule.exports = { ${list} };\n`,
  );
  await fs.outputFile(
    `dist/${entry}.mjs`,
    `import library from './${entry}.cjs';\n\nexport const { ${list} } = library;\n`,
  );
}
