import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type * as Addon from '../../native/index.d.ts';
import { RcxError } from '../errors.ts';
import { LOAD_STEP, locate, type NativeParts } from './locate.ts';

let parts: NativeParts | undefined;
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

function located(): NativeParts {
  parts ??= locate();
  return parts;
}

function helper(name: string): string {
  const path = join(located().folder, name);
  if (existsSync(path)) return path;
  throw new RcxError(`find ${name}: ${path}: no such file`, {
    code: 'ERR_RCX_ADDON_MISSING',
    step: `find ${name}`,
    path,
    hint: 'it lies beside the native addon: install rcx again, or build it with: npm run build',
  });
}

function load(): typeof Addon {
  const path = located().addon;
  try {
    // What require() does with it, but for the search for what the path might stand for.
    const loaded = { exports: {} };
    process.dlopen(loaded, path);
    return loaded.exports as typeof Addon;
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new RcxError(`${LOAD_STEP}: ${path}: ${reason}`, {
      code: 'ERR_RCX_ADDON_LOAD',
      step: LOAD_STEP,
      path,
      hint: hintFor(reason),
      cause,
    });
  }
}

function hintFor(reason: string): string {
  // As glibc says it of a file that may not be executed.
  if (reason.includes('failed to map segment'))
    return 'its file system is mounted with noexec: install rcx on another one, or have it mounted with exec';
  if (/GLIBC_[\d.]+' not found/.test(reason))
    return 'this system has an older glibc than rcx is built for (see README.md): use a newer system';
  return 'reinstall rcx on this machine, or build it with: npm run build';
}
