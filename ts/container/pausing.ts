import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { containerEvent } from '../events/append.ts';
import { findRunning, requireRunning } from './find.ts';
import { findContainer } from './heal.ts';
import { isPaused, pause, unpause } from './pause.ts';

/**
 * Stops all processes of a container where they are.
 * @param text name, id, or prefix of an id
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_CONTAINER_NOT_RUNNING, ERR_RCX_CONTAINER_PAUSED, ERR_RCX_CGROUP
 */
export async function pauseContainer(engine: Engine, text: string): Promise<void> {
  const container = await findRunning(engine, text, 'pause the container');
  await pause(container);
  containerEvent(engine.paths, container.config, 'pause');
}

/**
 * Lets a paused container go on.
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_CONTAINER_NOT_RUNNING, ERR_RCX_CONTAINER_NOT_PAUSED, ERR_RCX_CGROUP
 */
export async function unpauseContainer(engine: Engine, text: string): Promise<void> {
  const step = 'let the container go on';
  const container = requireRunning(await findContainer(engine, text), step);
  if (isPaused(container)) {
    await unpause(container);
    containerEvent(engine.paths, container.config, 'unpause');
    return;
  }
  throw new RcxError(`${step}: ${container.config.name}: it is not paused`, {
    code: 'ERR_RCX_CONTAINER_NOT_PAUSED',
    step,
    path: container.config.name,
  });
}
