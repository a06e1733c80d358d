import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import type { LaunchPart } from '../native/index.ts';
import { findContainer } from './heal.ts';
import { MonitoredContainer, NO_STREAMS } from './monitored.ts';
import type { StoredContainer } from './store.ts';

/**
 * Runs a container's program without anybody connected to it. One that runs already is left alone.
 * @param text name, id, or prefix of an id
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, and why it cannot be launched, which is on record, too
 */
export async function startContainer(engine: Engine, text: string): Promise<StoredContainer> {
  const stored = await findContainer(engine, text);
  if (stored.state.status === 'running' || stored.state.status === 'restarting') return stored;
  await startDetached(engine, stored);
  return stored;
}

/** The same for one that was found already. @returns how long each part of the launch took, where that was asked for */
export async function startDetached(engine: Engine, stored: StoredContainer): Promise<LaunchPart[]> {
  try {
    const container = await MonitoredContainer.launch(engine, stored, NO_STREAMS);
    const trace = await container.start();
    container.detach();
    return trace;
  } catch (error) {
    // Somebody else was faster.
    if (!isRcxError(error, 'ERR_RCX_CONTAINER_RUNNING')) throw error;
    return [];
  }
}
