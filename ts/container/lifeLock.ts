import { join } from 'node:path';
import { type Lock, tryLockInExisting } from '../store/lock.ts';

/** Held by whoever runs the container, from before its launch until its end is on record: its monitor, or the process it is attached to. */
const LOCK = 'monitor.lock';

/**
 * Takes the container for this process, so that nobody can launch, heal or remove it.
 * @returns `undefined` while somebody else has it, and when the container is gone
 * @throws ERR_RCX_LOCK
 */
export function lockLife(folder: string): Lock | undefined {
  return tryLockInExisting(join(folder, LOCK));
}
