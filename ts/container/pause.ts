import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { RcxError } from '../errors.ts';
import { native } from '../native/index.ts';
import { acquireLock, tryLockInExisting } from '../store/lock.ts';
import { toRcxError } from '../store/nativeError.ts';
import { cgroupOf, NO_CGROUP_HINT } from './cgroupPath.ts';
import { isAlive } from './liveness.ts';
import type { StoredContainer } from './store.ts';

/** Held by whoever has stopped the container for a moment: when its lock is free, nobody is left to let it go on. */
const MARK = 'standstill.lock';

/**
 * Runs `body` while no process of the container does anything; a container that does not run, or ends meanwhile, is left alone, and
 * so is one without a cgroup, which cannot be stopped.
 * @throws ERR_RCX_CGROUP when it cannot be stopped, ERR_RCX_LOCK when it was removed, and the signal's reason
 */
export async function atStandstill<T>(
  stored: StoredContainer,
  body: () => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const hasFreezer = cgroupOf(stored.config) !== undefined;
  if (!hasFreezer || stored.state.status !== 'running' || isPaused(stored)) return await body();
  // One that is removed meanwhile must not come back as an empty folder.
  const lock = await acquireLock(join(stored.folder, MARK), { inExisting: true, signal });
  try {
    await freeze(stored, true);
    try {
      return await body();
    } finally {
      await freeze(stored, false);
    }
  } finally {
    lock.remove();
  }
}

/**
 * Stops a running container's processes where they are, until {@link unpause}.
 * @throws ERR_RCX_CGROUP
 */
export async function pause(stored: StoredContainer): Promise<void> {
  await freeze(stored, true);
}

/** Lets a container go on. @throws ERR_RCX_CGROUP */
export async function unpause(stored: StoredContainer): Promise<void> {
  await freeze(stored, false);
}

/** Whether somebody has stopped the container's processes for longer than a moment: the kernel alone knows. */
export function isPaused({ config, folder, state }: StoredContainer): boolean {
  const cgroup = cgroupOf(config);
  if (cgroup === undefined || state.status !== 'running' || existsSync(join(folder, MARK))) return false;
  try {
    return native().isCgroupFrozen(cgroup);
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_CGROUP');
  }
}

/** Lets a container go on whose stopper was killed meanwhile. */
export async function endAbandonedStandstill(stored: StoredContainer): Promise<void> {
  const path = join(stored.folder, MARK);
  if (stored.state.status !== 'running' || !existsSync(path)) return;
  const lock = tryLockInExisting(path);
  if (lock === undefined) return;
  try {
    await freeze(stored, false);
  } finally {
    lock.remove();
  }
}

async function freeze({ config, state }: StoredContainer, frozen: boolean): Promise<void> {
  const cgroup = cgroupOf(config);
  if (cgroup === undefined) throw cannotFreeze(config.name);
  try {
    await native().freezeCgroup(cgroup, frozen);
  } catch (error) {
    // Its cgroup goes with it, as all do when the machine goes down.
    if (state.process !== undefined && isAlive(state.process)) throw toRcxError(error, 'ERR_RCX_CGROUP');
  }
}

function cannotFreeze(name: string): RcxError {
  const step = 'pause the container';
  return new RcxError(`${step}: ${name}: it has no cgroup of its own`, {
    code: 'ERR_RCX_CGROUP',
    step,
    path: name,
    hint: NO_CGROUP_HINT,
  });
}
