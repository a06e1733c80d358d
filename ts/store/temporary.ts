import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { native } from '../native/index.ts';
import { removeTree } from '../rootless/namespace.ts';
import type { Lock } from './lock.ts';
import { fileFailure, toRcxError } from './nativeError.ts';
import { randomHex } from './random.ts';

const PREFIX = '.tmp-';
/** Nobody keeps the lock of what is no temporary any more for longer, unless it was stopped. */
const PATIENCE_MS = 5_000;

/** Something half-made. Its maker holds a lock on it, so that others can tell work in progress from wreckage. */
export interface Temporary {
  readonly path: string;
  /** Removes it; after it was renamed, only lets go. */
  dispose(): Promise<void>;
  /** Only lets go: it was renamed and is no temporary any more. */
  keep(): void;
}

/**
 * Makes an empty directory `.tmp-…` in `parent` that {@link collectWreckage} leaves alone as long as this process lives.
 * @param name what follows the hyphen, for others to find it by with {@link isBeingMade}
 */
export function temporaryDirectory(parent: string, name?: string): Temporary {
  const make = (path: string) => {
    mkdirSync(path);
    return native().FileLock.tryAcquireDirectory(path);
  };
  return claim(parent, make, name);
}

/** Whether somebody who lives makes the directory of that name in `parent`. */
export function isBeingMade(parent: string, name: string): boolean {
  const path = join(parent, `${PREFIX}${name}`);
  if (!existsSync(path)) return false;
  const lock = lockIfDead(path, true);
  if (lock === undefined) return existsSync(path);
  lock.release();
  return false;
}

/** The same for a file. */
export function temporaryFile(parent: string): Temporary {
  return claim(parent, (path) => native().FileLock.tryAcquire(path, false));
}

/**
 * Removes what processes that no longer live left in `parent`.
 * @param onFound is called with each before it goes
 */
export async function collectWreckage(parent: string, onFound?: (path: string) => Promise<void>): Promise<void> {
  for (const entry of listTemporaries(parent)) {
    const path = join(parent, entry.name);
    const lock = lockIfDead(path, entry.isDirectory());
    if (lock === undefined) continue;
    try {
      await onFound?.(path);
      await removeTree(path);
    } catch (error) {
      throw toRcxError(error, 'ERR_RCX_REMOVE');
    } finally {
      lock.release();
    }
  }
}

/** Paths of what {@link collectWreckage} would remove. */
export function listWreckage(parent: string): string[] {
  return listTemporaries(parent).flatMap((entry) => {
    const path = join(parent, entry.name);
    const lock = lockIfDead(path, entry.isDirectory());
    if (lock === undefined) return [];
    // Its maker may have renamed a file meanwhile: then the lock has made an empty one under the old name.
    if (entry.isFile() && statSync(path, { throwIfNoEntry: false })?.size === 0) {
      lock.remove();
      return [];
    }
    lock.release();
    return [path];
  });
}

/**
 * Removes a directory so that others see all of it or nothing. It becomes a temporary by its name alone: on a disk that is full
 * nothing can be written any more.
 * @throws ERR_RCX_REMOVE
 */
export async function discard(path: string): Promise<void> {
  let lock = lockIfDead(path, true);
  // Its maker is about to let go, or somebody else to rename it.
  for (let waited = 0; lock === undefined && existsSync(path) && waited < PATIENCE_MS; waited++) {
    await sleep(1);
    lock = lockIfDead(path, true);
  }
  try {
    const temporary = join(dirname(path), `${PREFIX}${randomHex(8)}`);
    renameSync(path, temporary);
    await removeTree(temporary);
  } catch (error) {
    const failure = toRcxError(error, 'ERR_RCX_REMOVE');
    // Somebody else was faster.
    if (failure.errno !== 'ENOENT') throw failure;
  } finally {
    lock?.release();
  }
}

/** A collector may take a new entry for wreckage in the instant before its maker locks it: then another name is tried. */
function claim(parent: string, make: (path: string) => Lock | null, name?: string): Temporary {
  for (let attempt = 0; ; attempt++) {
    const path = join(parent, `${PREFIX}${name ?? randomHex(8)}`);
    try {
      // Other users may not come in even where the store was put into a directory that they may read (CVE-2021-41091).
      mkdirSync(parent, { recursive: true, mode: 0o710 });
      const lock = make(path);
      if (lock !== null) return new Claimed(path, lock);
    } catch (error) {
      const { errno } = toRcxError(error, 'ERR_RCX_STORE');
      // A collector has it, and removes it.
      if (errno === 'EEXIST' && name !== undefined && attempt < 10_000) continue;
      if (attempt >= 10 || errno !== 'ENOENT') {
        rmSync(path, { recursive: true, force: true });
        throw fileFailure('make something temporary', path, error);
      }
    }
  }
}

class Claimed implements Temporary {
  readonly path: string;
  readonly #lock: Lock;

  constructor(path: string, lock: Lock) {
    this.path = path;
    this.#lock = lock;
  }

  keep(): void {
    this.#lock.release();
  }

  async dispose(): Promise<void> {
    try {
      await removeTree(this.path);
    } catch (error) {
      throw toRcxError(error, 'ERR_RCX_REMOVE');
    } finally {
      this.#lock.release();
    }
  }
}

function listTemporaries(parent: string) {
  try {
    const entries = readdirSync(parent, { withFileTypes: true });
    return entries.filter((entry) => entry.name.startsWith(PREFIX) && (entry.isDirectory() || entry.isFile()));
  } catch (error) {
    if (toRcxError(error, 'ERR_RCX_STORE').errno === 'ENOENT') return [];
    throw toRcxError(error, 'ERR_RCX_STORE');
  }
}

function lockIfDead(path: string, directory: boolean): Lock | undefined {
  try {
    const lock = directory ? native().FileLock.tryAcquireDirectory(path) : native().FileLock.tryAcquire(path, false);
    return lock ?? undefined;
  } catch (error) {
    // Its maker finished or another collector was faster.
    if (toRcxError(error, 'ERR_RCX_STORE').errno === 'ENOENT') return undefined;
    throw toRcxError(error, 'ERR_RCX_STORE');
  }
}
