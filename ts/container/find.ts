import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { findContainer } from './heal.ts';
import type { ProcessIdentity } from './liveness.ts';
import { isPaused } from './pause.ts';
import type { StoredContainer } from './store.ts';

/** A container whose program runs. */
export interface RunningContainer extends StoredContainer {
  process: ProcessIdentity;
}

/**
 * A container that runs and is not paused.
 * @param step what is going to be done
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_CONTAINER_NOT_RUNNING, ERR_RCX_CONTAINER_PAUSED
 */
export async function findRunning(engine: Engine, text: string, step: string): Promise<RunningContainer> {
  const container = requireRunning(await findContainer(engine, text), step);
  if (!isPaused(container)) return container;
  throw new RcxError(`${step}: ${container.config.name}: it is paused`, {
    code: 'ERR_RCX_CONTAINER_PAUSED',
    step,
    path: container.config.name,
    hint: `let it go on with: rcx unpause ${container.config.name}`,
  });
}

/** @throws ERR_RCX_CONTAINER_NOT_RUNNING */
export function requireRunning(stored: StoredContainer, step: string): RunningContainer {
  const { config, state } = stored;
  if (state.status === 'running' && state.process !== undefined) return { ...stored, process: state.process };
  throw new RcxError(`${step}: ${config.name}: it is not running`, {
    code: 'ERR_RCX_CONTAINER_NOT_RUNNING',
    step,
    path: config.name,
    hint: `start it with: rcx start ${config.name}`,
  });
}
