import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import { findContainer } from './heal.ts';
import { MonitoredContainer, NO_STREAMS } from './monitored.ts';
import type { StoredContainer } from './store.ts';

/**
 * Waits until a container does not run, nor is going to be run again.
 * @param text name, id, or prefix of an id
 * @returns its exit code, 0 for one that never ran, `undefined` when nobody has seen its end
 * @throws ERR_RCX_CONTAINER_NOT_FOUND
 */
export async function waitForContainer(engine: Engine, text: string): Promise<number | undefined> {
  const stored = await findContainer(engine, text);
  const { status } = stored.state;
  if (status === 'created') return 0;
  if (status === 'exited') return stored.state.exitCode;
  try {
    const monitor = MonitoredContainer.attach(engine, stored, NO_STREAMS);
    const end = await monitor.wait();
    return end.how === 'ended' ? end.exitCode : undefined;
  } catch (error) {
    if (!isRcxError(error, 'ERR_RCX_MONITOR')) throw error;
    return await afterMonitor(engine, stored);
  }
}

/** Its monitor has ended in this moment, or was killed: then it is on record, or nobody knows. */
async function afterMonitor(engine: Engine, { config }: StoredContainer): Promise<number | undefined> {
  try {
    return (await findContainer(engine, config.id)).state.exitCode;
  } catch (error) {
    if (isRcxError(error, 'ERR_RCX_CONTAINER_NOT_FOUND')) return undefined;
    throw error;
  }
}
