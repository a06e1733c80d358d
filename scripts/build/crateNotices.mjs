import { $, fs, globby, path } from 'zx';

const OWN = /^rcx-/;

/** The licences of the crates whose code is in the native parts for a target: they ask for their text to go with it. */
export async function crateNotices(triple) {
  const { stdout } = await $({ quiet: true })`cargo metadata --format-version 1 --locked --filter-platform ${triple}`;
  const metadata = JSON.parse(stdout);
  const linked = linkedOf(metadata);
  const crates = metadata.packages.filter(({ id, name }) => linked.has(id) && !OWN.test(name));
  const notices = await Promise.all(crates.sort((a, b) => (a.name < b.name ? -1 : 1)).map(noticeOf));
  const texts = new Map();
  for (const { crate, text } of notices) texts.set(text, [...(texts.get(text) ?? []), crate]);
  const head = 'The files beside this one contain code of these crates:\n';
  return [head, ...[...texts].map(([text, names]) => `${names.join('\n')}\n\n${text}\n`)].join(
    `\n${'-'.repeat(80)}\n\n`,
  );
}

/** What the workspace depends on besides for its build and its tests; what only makes code is not in the result. */
function linkedOf({ packages, resolve, workspace_members }) {
  const makesCode = new Set(
    packages.filter(({ targets }) => targets.some(({ kind }) => kind.includes('proc-macro'))).map(({ id }) => id),
  );
  const nodes = new Map(resolve.nodes.map((node) => [node.id, node]));
  const seen = new Set(workspace_members);
  for (const id of seen) {
    for (const { pkg, dep_kinds } of nodes.get(id).deps) {
      if (dep_kinds.some(({ kind }) => kind === null) && !makesCode.has(pkg)) seen.add(pkg);
    }
  }
  return seen;
}

/** Where there is a choice, MIT's is taken; Apache's text is in the LICENSE beside it. */
async function noticeOf({ name, version, license, manifest_path }) {
  const folder = path.dirname(manifest_path);
  const files = await globby(['licen[cs]e*', 'copying*', 'notice*'], { cwd: folder, caseSensitiveMatch: false });
  const file = files.find((each) => /mit/i.test(each)) ?? files.find((each) => !/apache/i.test(each));
  const text = file === undefined ? undefined : await fs.readFile(path.join(folder, file), 'utf8');
  return {
    crate: `${name} ${version} (${license})`,
    text: text?.trim() ?? 'Its terms are those of the LICENSE beside this file.',
  };
}
