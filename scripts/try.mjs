#!/usr/bin/env zx
// The main job on the embedded default image: a shell in a container, or its view of the world where there is no terminal.
import { spawnSync } from 'node:child_process';
import { $, chalk } from 'zx';

const IMAGE = 'localhost/host';
const RCX = 'bin/rcx.js';
const VIEW = ['ls -l /', 'ps -e', 'mount', 'hostname', 'id'];

const say = (text) => console.error(chalk.dim(`try: ${text}`));

await $({ stdio: 'inherit' })`zx scripts/build.mjs`;
if ((await $({ nothrow: true, quiet: true })`${RCX} image inspect ${IMAGE}`).exitCode !== 0) {
  say(`making ${IMAGE} of this machine's own programs (again later: ${RCX} image from-host)`);
  await $({ stdio: 'inherit' })`${RCX} image from-host --tag ${IMAGE}`;
}

const asked = process.argv.slice(process.argv.findIndex((word) => word.endsWith('try.mjs')) + 1);
const terminal = process.stdin.isTTY && process.stdout.isTTY;
const view = ['sh', '-c', VIEW.map((command) => `echo '$ ${command}'; ${command}`).join('; ')];
const command = asked.length > 0 || terminal ? asked : view;
say(`${RCX} run --rm ${terminal ? '-it ' : ''}${IMAGE}`);
// Synchronous and with this process's own descriptors: the terminal is rcx's alone until it ends.
const { status, signal } = spawnSync(RCX, ['run', '--rm', ...(terminal ? ['-it'] : []), IMAGE, ...command], {
  stdio: 'inherit',
});
process.exitCode = status ?? (signal ? 128 : 1);
