import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type * as Addon from '../../native/index.d.ts';
import { RcxError } from '../errors.ts';
import { packageRoot } from './packageRoot.ts';

let addon: typeof Addon | undefined;

/** The native addon, loaded at first use; the only place in rcx that loads it. */
export function native(): typeof Addon {
  addon ??= load();
  return addon;
}

/** The binary `rcx-init`, which containers begin with. */
export function initPath(): string {
  return helper('rcx-init');
}

/** The binary `rcx-runtime`: monitors, and what else outlives a command. */
export function runtimePath(): string {
  return helper('rcx-runtime');
}

function helper(name: string): string {
  const path = join(packageRoot, 'native', name);
  if (!existsSync(path)) throw missing(path);
  return path;
}

function load(): typeof Addon {
  const path = join(packageRoot, 'native', `rcx.linux-${process.arch}-${libc()}.node`);
  if (!existsSync(path)) throw missing(path);
  try {
    // What require() does with it, but for the search for what the path might stand for.
    const loaded = { exports: {} };
    process.dlopen(loaded, path);
    return loaded.exports as typeof Addon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RcxError(`load the native addon: ${path}: ${reason}`, {
      code: 'ERR_RCX_ADDON_LOAD',
      step: 'load the native addon',
      path,
      // As glibc says it of a file that may not be executed.
      hint: reason.includes('failed to map segment')
        ? 'its file system is mounted with noexec: install rcx on another one, or have it mounted with exec'
        : 'reinstall rcx on this machine, or build it with: npm run build',
      cause,
    });
  }
}

function missing(path: string): RcxError {
  return new RcxError(`load the native addon: ${path}: no such file`, {
    code: 'ERR_RCX_ADDON_MISSING',
    step: 'load the native addon',
    path,
    hint: `nothing is built for linux ${process.arch} (${libc()}); build it with: npm run build`,
  });
}

/** `gnu` or `musl`: a musl Node reports no glibc version. */
function libc(): 'gnu' | 'musl' {
  // process.report is slow with network interfaces listed; the file tells the same and costs one stat.
  return existsSync('/lib/ld-musl-x86_64.so.1') || existsSync('/lib/ld-musl-aarch64.so.1')
    ? existsSync('/lib64/ld-linux-x86-64.so.2') || existsSync('/lib/ld-linux-aarch64.so.1')
      ? 'gnu'
      : 'musl'
    : 'gnu';
}
