#!/usr/bin/env zx
// Builds everything the package needs: native/ (addon and helper binary) and dist/ (bundled library and command line).
// zx scripts/build.mjs [--only=native|dist] [--debug] [--quick] [--force]
// --quick: built in seconds and not for publishing; what scripts/mutants.mjs tries out.
import { $, argv, chalk, fs, globby, path } from 'zx';
import { buildApart } from './build/apart.mjs';
import { buildCommandLine, QUICK_COMMANDS } from './build/commandLine.mjs';
import { buildLibrary, LIBRARY } from './build/library.mjs';
import { writeNotices } from './build/notices.mjs';
import { collectTypes } from './build/types.mjs';
import { whenChanged } from './lib/stamp.mjs';

const { only, debug = false, quick = false, force = false } = argv;
const CARGO_INPUTS = ['Cargo.toml', 'Cargo.lock', 'crates/core/**', '.cargo/**'];
const ADDON_STAGE = 'target/napi';

const say = (text) => console.error(chalk.dim(`build: ${text}`));
const run$ = $({ verbose: true, stdio: ['ignore', 2, 2] });

/** Into place by rename: a running process keeps the file it has mapped. */
async function install(from, to) {
  const temporary = `${to}.new`;
  await fs.copy(from, temporary);
  await fs.rename(temporary, to);
}

async function buildAddon() {
  say('native addon (crates/node)');
  await fs.emptyDir(ADDON_STAGE);
  const profile = quick ? ['--profile', 'quick'] : debug ? [] : ['--release'];
  await run$`napi build --platform ${profile} --manifest-path crates/node/Cargo.toml --package-json-path package.json --output-dir ${ADDON_STAGE} --dts index.d.ts --no-js`;
  for (const file of await globby('*', { cwd: ADDON_STAGE })) await install(`${ADDON_STAGE}/${file}`, `native/${file}`);
}

/** Static: rcx-init runs inside any root filesystem, from a sealed copy in memory; rcx-runtime has to be small. */
async function buildRuntime(target) {
  say(`rcx-init and rcx-runtime (crates/runtime, static, ${target})`);
  const env = { ...process.env, RUSTFLAGS: '-C target-feature=+crt-static -C relocation-model=static' };
  const profile = quick ? 'quick' : 'runtime';
  await run$({ env })`cargo build --profile ${profile} -p rcx-runtime --target ${target}`;
  for (const name of ['rcx-init', 'rcx-runtime']) {
    await install(`target/${target}/${profile}/${name}`, `native/${name}`);
  }
}

async function buildNative() {
  const rustc = (await $`rustc -vV`).stdout;
  const target = /^host: (.*)$/m.exec(rustc)?.[1];
  const libc = target.endsWith('musl') ? 'musl' : 'gnu';
  const built = [
    await whenChanged({
      stamp: 'native/.addon-stamp',
      inputs: [...CARGO_INPUTS, 'crates/node/**'],
      variant: `${rustc} ${debug} ${quick}`,
      outputs: [`native/rcx.linux-${process.arch}-${libc}.node`, 'native/index.d.ts'],
      force,
      run: buildAddon,
    }),
    await whenChanged({
      stamp: 'native/.runtime-stamp',
      inputs: [...CARGO_INPUTS, 'crates/runtime/**'],
      variant: `${rustc} ${quick}`,
      outputs: ['native/rcx-init', 'native/rcx-runtime'],
      force,
      run: () => buildRuntime(target),
    }),
  ];
  if (!built.includes(true)) say('native/ is up to date');
}

async function buildDist() {
  say('library and command line (dist/)');
  const metafiles = (await Promise.all([buildLibrary(), buildCommandLine(), buildApart()])).flat();
  await removeStale(new Set(metafiles.flatMap(({ outputs }) => Object.keys(outputs))));
  await writeNotices(metafiles);
  await run$`tsc -p tsconfig.dist.json`;
  await collectTypes();
}

/** What earlier builds left would be published. */
async function removeStale(written) {
  const entries = Object.keys(LIBRARY).flatMap((entry) =>
    ['cjs', 'mjs'].map((extension) => `dist/${entry}.${extension}`),
  );
  entries.push('dist/inside.cjs');
  for (const file of await globby('dist/**', { dot: true })) {
    if (!written.has(path.normalize(file)) && !entries.includes(file)) await fs.remove(file);
  }
}

await fs.ensureDir('native');
if (only === undefined || only === 'native') await buildNative();
if (only === undefined || only === 'dist') {
  const built = await whenChanged({
    stamp: 'dist/.stamp',
    inputs: [
      'ts/**',
      'cli/**',
      'native/index.d.ts',
      'package.json',
      'package-lock.json',
      'tsconfig*.json',
      'scripts/build.mjs',
      'scripts/build/**',
    ],
    outputs: [
      'dist/library.cjs',
      'dist/main.cjs',
      ...QUICK_COMMANDS.map((name) => `dist/commands/${name}.cjs`),
      'dist/inside.cjs',
      'dist/layer-worker.cjs',
      'dist/NOTICE',
      ...Object.keys(LIBRARY).flatMap((entry) =>
        ['cjs', 'mjs', 'd.cts', 'd.mts'].map((extension) => `dist/${entry}.${extension}`),
      ),
    ],
    force,
    run: buildDist,
  });
  if (!built) say('dist/ is up to date');
}
