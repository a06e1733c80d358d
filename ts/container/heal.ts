import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import { toRcxError } from '../store/nativeError.ts';
import { collectWreckage } from '../store/temporary.ts';
import { cgroupOf } from './cgroupPath.ts';
import { lockLife } from './lifeLock.ts';
import { isAlive } from './liveness.ts';
import { endAbandonedStandstill } from './pause.ts';
import { type ContainerState, writeState } from './record.ts';
import { removeCgroup } from './removeCgroup.ts';
import type { StoredContainer } from './store.ts';

/**
 * Makes a record tell the truth: a container whose process is gone has ended, whether or not anybody lived to write it
 * down, and one that was to be removed at its end is removed.
 * @returns the container as it is; `undefined` when it was removed
 */
export async function heal(engine: Engine, stored: StoredContainer): Promise<StoredContainer | undefined> {
  await endAbandonedStandstill(stored);
  if (!isLost(stored)) return stored;
  const lock = lockLife(stored.folder);
  // Somebody heals, removes or launches it in this moment, or it is gone.
  if (lock === undefined) return existsSync(stored.folder) ? stored : undefined;
  try {
    const current = reload(engine, stored);
    if (current === undefined || !isLost(current)) return current;
    return await healLocked(engine, current);
  } finally {
    lock.release();
  }
}

/** Nobody is left who will write down what comes next. */
function isLost({ config, state, aside }: StoredContainer): boolean {
  const { status, willStart = false, owner } = state;
  const needsOwner = status === 'running' || status === 'restarting' || willStart;
  const isOver = status === 'exited' && (config.autoRemove || aside === true);
  // The owner writes the end itself, with the exit code that only it knows.
  return (needsOwner || isOver) && !isAlive(owner);
}

async function healLocked(engine: Engine, stored: StoredContainer): Promise<StoredContainer | undefined> {
  const { config, state } = stored;
  // Also kills what is left: without its monitor a container has nobody to take its output, or to collect it.
  removeCgroup(cgroupOf(config));
  if (config.autoRemove) {
    await engine.containers.remove(stored);
    return undefined;
  }
  const { process: _gone, willStart: _never, ...rest } = state;
  const hasRun = state.status === 'running' || state.status === 'restarting';
  const ended = state.status === 'running' ? { finishedAt: new Date().toISOString() } : {};
  const healed: ContainerState = { ...rest, ...(hasRun && { status: 'exited' as const }), ...ended };
  if (writeDown(stored, healed)) rmSync(engine.containers.runDirectory(config.id), { recursive: true, force: true });
  return { ...stored, state: healed };
}

function reload(engine: Engine, { config }: StoredContainer): StoredContainer | undefined {
  try {
    return engine.containers.find(config.id);
  } catch (error) {
    if (isRcxError(error, 'ERR_RCX_CONTAINER_NOT_FOUND') || isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) return;
    throw error;
  }
}

/** On a full disk it is true all the same, and whoever makes room by removing the container must find it. */
function writeDown({ folder }: StoredContainer, state: ContainerState): boolean {
  try {
    writeState(folder, state);
    // overlayfs leaves its work directory behind.
    rmSync(join(folder, 'work/work'), { recursive: true, force: true });
    return true;
  } catch (error) {
    const failure = toRcxError(error, 'ERR_RCX_STORE');
    if (failure.errno !== 'ENOSPC' && failure.errno !== 'EDQUOT') throw failure;
    return false;
  }
}

/** All containers, newest first, as they are. */
export async function listContainers(engine: Engine): Promise<StoredContainer[]> {
  // What a killed process had not finished making is nobody's container.
  await collectWreckage(engine.paths.containers);
  const healed = await Promise.all(engine.containers.list().map((stored) => heal(engine, stored)));
  return healed.filter((stored) => stored !== undefined);
}

/** One container as it is. @throws ERR_RCX_CONTAINER_NOT_FOUND */
export async function findContainer(engine: Engine, text: string): Promise<StoredContainer> {
  const healed = await heal(engine, engine.containers.find(text));
  // Removed by its own wish: looked up again it is not found, which is then the truth.
  return healed ?? engine.containers.find(text);
}
