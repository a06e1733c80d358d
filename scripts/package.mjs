#!/usr/bin/env zx
// Makes the tarballs that are published, `rcx` and a package for each target, and says which target could not be built and why:
// zx scripts/package.mjs [--only=linux-x64-gnu,...] [--out=target/package] [--native] [--strict]
// --native: takes this machine's own target from native/ as it is, in no time, bound to this machine's glibc.
// --strict: a target that could not be built, or needs a newer glibc than is promised, is a failure.
import { $, argv, chalk, fs, path } from 'zx';
import { crateNotices } from './build/crateNotices.mjs';
import { buildFor, cannotBuild, glibcOf } from './build/cross.mjs';
import { addonOf, GLIBC_FLOOR, platformManifest, publishedManifest, targets } from './lib/targets.mjs';

const out = path.resolve(argv.out ?? 'target/package');
const root = await fs.readJson('package.json');
const host = /^host: (.*)$/m.exec((await $({ quiet: true })`rustc -vV`).stdout)[1];
const say = (text) => console.error(chalk.dim(`package: ${text}`));

async function pack(folder, manifest) {
  await fs.writeJson(`${folder}/package.json`, manifest, { spaces: 2 });
  const { stdout } = await $({ quiet: true, cwd: folder })`npm pack --json --ignore-scripts --pack-destination ${out}`;
  const [{ filename, unpackedSize }] = Object.values(JSON.parse(stdout));
  return `${filename} (${(unpackedSize / 1e6).toFixed(2)} MB unpacked)`;
}

async function packRoot() {
  const folder = `${out}/rcx`;
  for (const name of ['bin', 'dist']) {
    await fs.copy(name, `${folder}/${name}`, { filter: (file) => !/\.map$|\/\.stamp$/.test(file) });
  }
  for (const name of ['README.md', 'LICENSE', 'CHANGELOG.md']) await fs.copy(name, `${folder}/${name}`);
  return await pack(folder, publishedManifest(root));
}

async function packTarget(target) {
  const folder = `${out}/${target.name}`;
  await fs.ensureDir(folder);
  if (argv.native && target.triple === host) {
    for (const name of [addonOf(target), 'rcx-init', 'rcx-runtime'])
      await fs.copy(`native/${name}`, `${folder}/${name}`);
  } else {
    const reason = await cannotBuild(target);
    if (reason !== undefined) return { problem: `not built: ${reason}` };
    await buildFor(target, folder);
  }
  await fs.copy('LICENSE', `${folder}/LICENSE`);
  await fs.outputFile(
    `${folder}/README.md`,
    `# @rcx/${target.name}\n\nThe native parts of [rcx](https://www.npmjs.com/package/rcx) for ${target.name}.\n`,
  );
  await fs.outputFile(`${folder}/NOTICE`, await crateNotices(target.triple));
  const needs = target.libc === 'gnu' ? await glibcOf(`${folder}/${addonOf(target)}`) : undefined;
  const tarball = await pack(folder, platformManifest(target, root));
  const isNewer = needs !== undefined && Number(needs.split('.')[1]) > Number(GLIBC_FLOOR.split('.')[1]);
  return {
    line: `${tarball}${needs === undefined ? '' : `, glibc ${needs}`}`,
    problem: isNewer ? `needs glibc ${needs}, and ${GLIBC_FLOOR} is promised: not for publishing` : undefined,
  };
}

const only = argv.only?.split(',');
const chosen = targets().filter(({ name }) => only === undefined || only.includes(name));
if (chosen.length < (only?.length ?? 0)) throw new Error(`unknown target in ${only}`);
await fs.emptyDir(out);
console.log(`rcx: ${await packRoot()}`);
const problems = [];
for (const target of chosen) {
  say(target.name);
  const { line, problem } = await packTarget(target);
  if (line !== undefined) console.log(`@rcx/${target.name}: ${line}`);
  if (problem !== undefined) problems.push(`@rcx/${target.name}: ${problem}`);
}
for (const problem of problems) console.log(chalk.yellow(problem));
if (argv.strict && problems.length > 0) process.exitCode = 1;
