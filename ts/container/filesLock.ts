import { join } from 'node:path';
import { acquireLock, type Lock, type LockOptions, tryLock } from '../store/lock.ts';
import type { StoredContainer } from './store.ts';

/** Held alone by whoever has mounted a container's root beside it, and shared by whoever starts it. */
const FILES = 'files.lock';
/** Held by its monitor, see `crates/core/src/monitor/mod.rs`. */
const MONITOR = 'monitor.lock';

/**
 * Waits until nobody else has the root of a stopped container mounted: an overlay's read-write layer must not be in two mounts.
 * @throws ERR_RCX_LOCK, also when the container was removed, and the signal's reason
 */
export async function lockFiles(
  { folder }: StoredContainer,
  options: Pick<LockOptions, 'shared' | 'signal'> = {},
): Promise<Lock> {
  return await acquireLock(join(folder, FILES), { ...options, inExisting: true });
}

/** Keeps a monitor from being started; `undefined` while there is one. @throws ERR_RCX_LOCK */
export function lockMonitor({ folder }: StoredContainer): Lock | undefined {
  return tryLock(join(folder, MONITOR), { inExisting: true });
}
