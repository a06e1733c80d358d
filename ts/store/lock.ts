import { existsSync, mkdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isRcxError } from '../errors.ts';
import { native } from '../native/index.ts';
import { toRcxError } from './nativeError.ts';
import type { StorePaths } from './paths.ts';

export interface LockOptions {
  /** Hold it together with other shared holders. */
  shared?: boolean;
  /** Do not make the directory of the lock file: without it, what was to be guarded is gone. */
  inExisting?: boolean;
  signal?: AbortSignal | undefined;
  /** Called once if somebody else holds the lock for longer than a moment, which is a tenth of a second. */
  onWait?: () => void;
}

/** A held `flock(2)`. */
export interface Lock {
  release(): void;
  /** Removes the lock file, then releases: for locks whose name nobody may ever ask for again. */
  remove(): void;
}

const FIRST_DELAY_MS = 2;
const LAST_DELAY_MS = 100;

/**
 * Takes the lock on the file `path`, which is made with its directories, waiting as long as it takes.
 *
 * It is tried again and again rather than waited for in the kernel: a blocked `flock` would occupy a thread of the pool
 * that the holder, if it is in this very process, may need in order to finish.
 * @throws ERR_RCX_LOCK, or the signal's reason
 */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<Lock> {
  let delay = FIRST_DELAY_MS;
  let { onWait } = options;
  for (;;) {
    options.signal?.throwIfAborted();
    const lock = tryLock(path, options);
    if (lock !== undefined) return lock;
    if (delay === LAST_DELAY_MS) {
      onWait?.();
      onWait = undefined;
    }
    await sleep(delay, undefined, options.signal === undefined ? {} : { signal: options.signal });
    delay = Math.min(delay * 2, LAST_DELAY_MS);
  }
}

/** Takes the lock if it is free, else returns `undefined`. @throws ERR_RCX_LOCK */
export function tryLock(
  path: string,
  { shared = false, inExisting = false }: Pick<LockOptions, 'shared' | 'inExisting'> = {},
): Lock | undefined {
  try {
    if (!inExisting) mkdirSync(dirname(path), { recursive: true });
    return native().FileLock.tryAcquire(path, shared) ?? undefined;
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_LOCK');
  }
}

/** The same for a file in a directory that may go at any moment: then nobody gets it. @throws ERR_RCX_LOCK */
export function tryLockInExisting(path: string, { shared = false } = {}): Lock | undefined {
  try {
    return tryLock(path, { shared, inExisting: true });
  } catch (error) {
    if (isRcxError(error, 'ERR_RCX_LOCK') && error.errno === 'ENOENT') return undefined;
    throw error;
  }
}

/** Runs `body` while holding the lock on the file `path`. */
export async function withLock<T>(path: string, body: () => T | Promise<T>, options: LockOptions = {}): Promise<T> {
  const lock = await acquireLock(path, options);
  try {
    return await body();
  } finally {
    lock.release();
  }
}

/**
 * The lock file for one purpose. Locks live beside what they guard, not under `run`: two sessions of one user that share
 * a store may have different runtime directories.
 */
export function lockPath(paths: StorePaths, name: string): string {
  return join(paths.root, 'locks', name);
}

/**
 * Held shared by whoever relies on layers and blobs that nothing refers to yet (a pull before its last step, a
 * container being made), and alone by whoever deletes what nothing refers to: see {@link acquireContentLock}.
 */
export function contentLockPath(paths: StorePaths): string {
  return lockPath(paths, 'content');
}

/** So long those who share the lock stand back for one who waits to hold it alone. */
const STAND_BACK_MS = 2_000;

/** Runs `body` while holding the content lock, see {@link acquireContentLock}. */
export async function withContentLock<T>(
  paths: StorePaths,
  body: () => T | Promise<T>,
  options: LockOptions = {},
): Promise<T> {
  const lock = await acquireContentLock(paths, options);
  try {
    return await body();
  } finally {
    lock.release();
  }
}

/**
 * Takes the content lock. Where pull follows pull there is always one that holds it: so whoever waits for all of them says so
 * by another lock, and new ones stand back. But not for ever, for one may be a part of what is waited for.
 * @throws ERR_RCX_LOCK, or the signal's reason
 */
export async function acquireContentLock(paths: StorePaths, options: LockOptions = {}): Promise<Lock> {
  const path = contentLockPath(paths);
  const turn = `${path}-turn`;
  if (options.shared === true) {
    await standBack(turn, options.signal);
    return await acquireLock(path, options);
  }
  const lock = tryLock(path);
  if (lock !== undefined) return lock;
  const waiting = await acquireLock(turn, { signal: options.signal });
  try {
    return await acquireLock(path, options);
  } finally {
    waiting.remove();
  }
}

async function standBack(turn: string, signal: AbortSignal | undefined): Promise<void> {
  const end = Date.now() + STAND_BACK_MS;
  let delay = FIRST_DELAY_MS;
  while (existsSync(turn) && Date.now() < end) {
    const free = tryLock(turn, { shared: true });
    // Nobody waits: whoever did was killed.
    if (free !== undefined) return free.remove();
    await sleep(delay, undefined, signal === undefined ? {} : { signal });
    delay = Math.min(delay * 2, LAST_DELAY_MS);
  }
}
