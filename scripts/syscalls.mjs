#!/usr/bin/env zx
// Writes the table of system call names and numbers that seccomp profiles are compiled with. To be run when the kernel has new
// calls, by hand: zx scripts/syscalls.mjs [--crate=SOURCE OF THE CRATE syscalls] [--x32=asm/unistd_x32.h]
import { $, argv, fs, glob, os } from 'zx';

const TARGET = 'crates/core/src/security/seccomp/table.rs';
/** Columns of the table, and the crate's files. */
const FILES = { x86_64: 'x86_64', x86: 'x86', aarch64: 'aarch64', arm: 'arm' };
const COLUMNS = ['x86_64', 'x86', 'x32', 'aarch64', 'arm'];
/** From here on a call has the same number everywhere. */
const COMMON = 424;

/** Calls of arm that stand in no list: its private ones (arch/arm/include/uapi/asm/unistd.h), and a second name. */
const ARM = {
  breakpoint: 0xf0001,
  cacheflush: 0xf0002,
  usr26: 0xf0003,
  usr32: 0xf0004,
  set_tls: 0xf0005,
  get_tls: 0xf0006,
};
const ALIASES = { sync_file_range2: { arm: 'arm_sync_file_range' } };

async function crateSource() {
  if (argv.crate !== undefined) return argv.crate;
  const found = await glob(`${os.homedir()}/.cargo/registry/src/*/syscalls-*/src/arch`, { onlyDirectories: true });
  const newest = found.sort((a, b) => a.localeCompare(b, 'en', { numeric: true })).at(-1);
  if (newest === undefined)
    throw new Error('the source of the crate syscalls is missing: cargo info syscalls fetches it');
  return newest.replace(/\/src\/arch$/, '');
}

function numbers(text, pattern) {
  return new Map([...text.matchAll(pattern)].map(([, name, number]) => [name, Number(number)]));
}

const source = await crateSource();
const columns = {};
for (const [column, file] of Object.entries(FILES)) {
  columns[column] = numbers(await fs.readFile(`${source}/src/arch/${file}.rs`, 'utf8'), /^\s+([a-z0-9_]+) = (\d+),$/gm);
}
const header = argv.x32 ?? '/usr/include/x86_64-linux-gnu/asm/unistd_x32.h';
columns.x32 = numbers(await fs.readFile(header, 'utf8'), /^#define __NR_(\w+) \(__X32_SYSCALL_BIT \+ (\d+)\)$/gm);
for (const [name, number] of columns.x86_64) if (number >= COMMON) columns.x32.set(name, number);
// The crate lists for arm64 what only 32-bit processors have, with 64-bit times, and gives one call its name of another processor.
for (const [name, number] of columns.aarch64) if (number >= 403 && number <= 423) columns.aarch64.delete(name);
columns.aarch64.delete('fstatat');
columns.aarch64.set('newfstatat', 79);
for (const [name, number] of Object.entries(ARM)) columns.arm.set(name, number);
for (const [name, of] of Object.entries(ALIASES)) {
  for (const [column, other] of Object.entries(of)) columns[column].set(name, columns[column].get(other));
}

const names = [...new Set(COLUMNS.flatMap((column) => [...columns[column].keys()]))].sort();
const cell = (column, name) => columns[column].get(name) ?? '_X';
const rows = names.map((name) => `    ("${name}", [${COLUMNS.map((column) => cell(column, name)).join(', ')}]),`);
const version = /syscalls-([0-9.]+)/.exec(source)?.[1] ?? 'unknown version';
await fs.writeFile(
  TARGET,
  `//! Names and numbers of all system calls. Written by scripts/syscalls.mjs from the crate syscalls ${version}, and from the
//! kernel's header for x32, whose numbers stand here without the bit that marks them.

const _X: u32 = super::syscalls::ABSENT;

/** By name; the numbers of ${COLUMNS.join(', ')}. */
pub const TABLE: &[(&str, [u32; ${COLUMNS.length}])] = &[
${rows.join('\n')}
];
`.replace(/\/\*\* (.*) \*\//, '/// $1'),
);
await $`rustfmt --edition 2024 ${TARGET}`;
