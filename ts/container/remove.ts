import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Engine } from '../engine.ts';
import { isRcxError, RcxError } from '../errors.ts';
import type { Lock } from '../store/lock.ts';
import { toRcxError } from '../store/nativeError.ts';
import { cgroupOf, placeCgroup } from './cgroupPath.ts';
import { findContainer, heal } from './heal.ts';
import { lockLife } from './lifeLock.ts';
import { isAlive } from './liveness.ts';
import { tellMonitor } from './monitored.ts';
import { isPaused } from './pause.ts';
import type { ContainerState } from './record.ts';
import { removeCgroup } from './removeCgroup.ts';
import type { StoredContainer } from './store.ts';

export interface RemoveContainerOptions {
  /** End it first if it runs, and remove even what cannot be read. */
  force?: boolean | undefined;
  /** With its volumes that nobody gave a name; one that removes itself takes them along in any case. */
  volumes?: boolean | undefined;
}

/**
 * Removes a container with its read-write layer.
 * @param text name, id, or prefix of an id
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_CONTAINER_RUNNING or ERR_RCX_CONTAINER_DAMAGED without `force`,
 * ERR_RCX_CONTAINER_STUCK when its process does not end
 */
export async function removeContainer(
  engine: Engine,
  text: string,
  options: RemoveContainerOptions = {},
): Promise<void> {
  const { force = false } = options;
  let stored: StoredContainer;
  try {
    stored = await findContainer(engine, text);
  } catch (error) {
    if (!force || !isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) throw error;
    await removeDamaged(engine, engine.containers.resolve(text));
    return;
  }
  const lock = await takeOver(engine, stored, force);
  try {
    removeCgroup(cgroupOf(stored.config));
    await engine.containers.remove(stored, { volumes: options.volumes || stored.config.autoRemove });
  } finally {
    lock?.release();
  }
}

/** It runs, or somebody is about to start it. */
export function isActive({ state }: StoredContainer): boolean {
  const { status, willStart = false, owner } = state;
  return status === 'running' || status === 'restarting' || (willStart && isAlive(owner));
}

/**
 * Has the container for this process alone: nobody can launch it any more.
 * @returns `undefined` when it is gone, or whoever has it does not let go although nothing of it runs
 */
async function takeOver(engine: Engine, stored: StoredContainer, force: boolean): Promise<Lock | undefined> {
  const lock = isActive(stored) ? undefined : lockLife(stored.folder);
  if (lock !== undefined || !existsSync(stored.folder)) return lock;
  if (!force) throw stillRuns(stored);
  return await end(engine, stored);
}

/** Without its record nothing is known of its processes but the cgroup they are in. */
async function removeDamaged(engine: Engine, id: string): Promise<void> {
  removeCgroup(placeCgroup(id));
  await engine.containers.removeDamaged(id);
}

const FIRST_DELAY_MS = 2;
const LAST_DELAY_MS = 100;
/** How long a killed process may take to die: it may have much memory to give back. */
const DEATH_MS = 10_000;
/** How long its owner, that may be stopped, has to write that down before the folder is taken from under it. */
const OWNER_MS = 2_000;

/** Kills a container's processes and waits until they are gone and whoever launched it has taken note. */
async function end(engine: Engine, stored: StoredContainer): Promise<Lock | undefined> {
  const begin = Date.now();
  let delay = FIRST_DELAY_MS;
  let current: StoredContainer | undefined = stored;
  // One that does not answer, or was killed, starts nothing either.
  tellMonitor(engine, stored, (monitor) => monitor.stop());
  while (current !== undefined) {
    const lock = isActive(current) ? undefined : lockLife(current.folder);
    if (lock !== undefined) return lock;
    const { process: init } = current.state;
    if (init !== undefined && isAlive(init) && !isPaused(current)) {
      if (Date.now() - begin > DEATH_MS) throw stuck(current, init.pid);
      kill(init.pid);
    } else {
      // Its init may run already although its record does not say so yet, or stand still; it is in the cgroup.
      removeCgroup(cgroupOf(current.config));
      if (Date.now() - begin > OWNER_MS) return undefined;
    }
    await sleep(delay);
    delay = Math.min(delay * 2, LAST_DELAY_MS);
    current = await reload(engine, current);
  }
  return undefined;
}

/** The container as it is now; `undefined` when it is gone or going. */
async function reload(engine: Engine, { config }: StoredContainer): Promise<StoredContainer | undefined> {
  try {
    return await heal(engine, engine.containers.find(config.id));
  } catch (error) {
    if (isRcxError(error, 'ERR_RCX_CONTAINER_NOT_FOUND') || isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) return;
    throw error;
  }
}

/** Whoever is init of a pid namespace takes everything in it along. */
function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw toRcxError(error, 'ERR_RCX_KILL');
  }
}

const DOING: Partial<Record<ContainerState['status'], string>> = {
  running: 'it is running',
  restarting: 'it is about to be run again',
};

function stillRuns({ config, state }: StoredContainer): RcxError {
  const doing = DOING[state.status] ?? 'it is being started';
  return new RcxError(`remove the container: ${config.name}: ${doing}`, {
    code: 'ERR_RCX_CONTAINER_RUNNING',
    step: 'remove the container',
    path: config.name,
    hint: `kill and remove it with: rcx rm -f ${config.name}`,
  });
}

function stuck({ config }: StoredContainer, pid: number): RcxError {
  return new RcxError(`remove the container: ${config.name}: its process ${pid} does not end although it was killed`, {
    code: 'ERR_RCX_CONTAINER_STUCK',
    step: 'remove the container',
    path: config.name,
    hint: `it waits in the kernel, often for a disk or a network file system; see /proc/${pid}/stack, then try again`,
  });
}
