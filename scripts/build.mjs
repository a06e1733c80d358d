#!/usr/bin/env zx
// Builds everything the package needs: native/ (addon and helper binary) and dist/ (bundled library and CLI).
import { $, chalk, fs } from 'zx';

const only = process.argv.find((a) => a.startsWith('--only='))?.slice('--only='.length);
const debug = process.argv.includes('--debug');
const say = (text) => console.log(chalk.dim(`build: ${text}`));

async function buildAddon() {
  say('native addon (crates/node)');
  await $`napi build --platform ${debug ? [] : ['--release']} --manifest-path crates/node/Cargo.toml --package-json-path package.json --output-dir native --dts index.d.ts --no-js`;
}

/** Static, so that it runs inside any root filesystem; one file, so that it can be copied into a sealed memfd. */
async function buildRuntime() {
  const target = `${process.arch === 'arm64' ? 'aarch64' : 'x86_64'}-unknown-linux-gnu`;
  say(`helper binary rcx-runtime (crates/runtime, static, ${target})`);
  await $({ env: { ...process.env, RUSTFLAGS: '-C target-feature=+crt-static -C relocation-model=static' } })`cargo build --profile runtime -p rcx-runtime --target ${target}`;
  await fs.copy(`target/${target}/runtime/rcx-runtime`, 'native/rcx-runtime');
}

async function buildDist() {
  say('library and command line (dist/)');
  await fs.emptyDir('dist');
  await $`esbuild ts/index.ts cli/main.ts layer-worker=ts/layer/worker.ts --bundle --splitting --format=esm --platform=node --target=node20 --outdir=dist --entry-names=[name] --chunk-names=chunks/[name]-[hash] --sourcemap --log-level=warning ${"--banner:js=import{createRequire as __rcxRequire}from'node:module';const require=__rcxRequire(import.meta.url);"}`;
}

$.verbose = true;
await fs.ensureDir('native');
if (only === undefined || only === 'native') {
  await buildAddon();
  await buildRuntime();
}
if (only === undefined || only === 'dist') await buildDist();
