#!/usr/bin/env zx
// Every check of the sources that is not a test (npm run lint): zx scripts/check.mjs [NAME...]
import { $, argv, chalk } from 'zx';

const CHECKS = {
  biome: ['biome', 'ci', '--error-on-warnings', `--colors=${process.stdout.isTTY ? 'force' : 'off'}`, '.'],
  tsc: ['tsc', '-p', '.'],
  boundaries: ['node', 'scripts/check/boundaries.mjs'],
  versions: ['node', 'scripts/check/versions.mjs'],
  rustfmt: ['cargo', 'fmt', '--all', '--check'],
  clippy: ['cargo', 'clippy', '--workspace', '--quiet', '--', '--deny', 'warnings'],
  // Without crates/node: its exports are only registered, and so only used, outside of cfg(test).
  'clippy-tests': [
    'cargo',
    'clippy',
    '-p',
    'rcx-core',
    '-p',
    'rcx-runtime',
    '--all-targets',
    '--quiet',
    '--',
    '--deny',
    'warnings',
  ],
};

const names = argv._.length > 0 ? argv._.map(String) : Object.keys(CHECKS);
const failed = [];
for (const name of names) {
  const command = CHECKS[name];
  if (command === undefined) throw new Error(`unknown check ${name}: there is ${Object.keys(CHECKS).join(', ')}`);
  const started = Date.now();
  const result = await $({ nothrow: true, quiet: true })`${command}`;
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`check: ${name} ${result.exitCode === 0 ? 'ok' : chalk.red('failed')} ${chalk.dim(`${seconds} s`)}`);
  if (result.exitCode === 0) continue;
  failed.push(name);
  process.stderr.write(`${result.stdout}${result.stderr}`);
}
if (failed.length > 0) console.error(`check: failed: ${failed.join(', ')}`);
process.exitCode = failed.length > 0 ? 1 : 0;
