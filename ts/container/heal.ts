import type { Engine } from '../engine.ts';
import { native } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { collectWreckage } from '../store/temporary.ts';
import { cgroupPath } from './buildSpec.ts';
import { isAlive } from './liveness.ts';
import { endAbandonedStandstill } from './pause.ts';
import { type ContainerState, writeState } from './record.ts';
import type { StoredContainer } from './store.ts';

/**
 * Makes a record tell the truth: a container whose process is gone has ended, whether or not anybody lived to write it
 * down, and one that was to be removed at its end is removed.
 * @returns the container as it is; `undefined` when it was removed
 */
export async function heal(engine: Engine, stored: StoredContainer): Promise<StoredContainer | undefined> {
  await endAbandonedStandstill(stored);
  const { state, config } = stored;
  const lost =
    state.status === 'running'
      ? state.process === undefined || !isAlive(state.process)
      : state.status === 'created' && config.autoRemove;
  // The owner writes the end itself, with the exit code that only it knows.
  if (!lost || isAlive(state.owner)) return stored;
  try {
    native().removeCgroup(cgroupPath(config.id));
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_CGROUP');
  }
  if (config.autoRemove) {
    await engine.containers.remove(stored);
    return undefined;
  }
  const { process: _gone, ...rest } = state;
  const healed: ContainerState = { ...rest, status: 'exited', finishedAt: new Date().toISOString() };
  writeDown(stored, healed);
  return { ...stored, state: healed };
}

/** On a full disk it is true all the same, and whoever makes room by removing the container must find it. */
function writeDown({ folder }: StoredContainer, state: ContainerState): void {
  try {
    writeState(folder, state);
  } catch (error) {
    const failure = toRcxError(error, 'ERR_RCX_STORE');
    if (failure.errno !== 'ENOSPC' && failure.errno !== 'EDQUOT') throw failure;
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
