import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { withLock } from '../store/lock.ts';
import { toRcxError } from '../store/nativeError.ts';
import { tellMonitor } from './monitored.ts';
import { type ContainerConfig, readConfig, writeConfig } from './record.ts';
import { isUp } from './status.ts';
import type { StoredContainer } from './store.ts';

const LOCK = 'config.lock';

/**
 * Changes the fixed part of a container's record: one change after the other, each seen as a whole.
 * @param change is given the record as it is now
 * @throws ERR_RCX_CONTAINER_NOT_FOUND when it was removed meanwhile, and what `change` throws, which then changes nothing
 */
export async function changeConfig(
  stored: StoredContainer,
  change: (config: ContainerConfig) => ContainerConfig,
): Promise<ContainerConfig> {
  try {
    return await withLock(
      join(stored.folder, LOCK),
      () => {
        const changed = change(readConfig(stored.folder));
        writeConfig(stored.folder, changed);
        return changed;
      },
      { inExisting: true },
    );
  } catch (error) {
    throw existsSync(stored.folder) ? toRcxError(error, 'ERR_RCX_STORE') : gone(stored);
  }
}

/** Has the monitor of a container that runs read the record again. One that has just ended reads it at its next start. */
export function reloadRecord(engine: Engine, stored: StoredContainer): void {
  if (isUp(stored.state.status)) tellMonitor(engine, stored, (monitor) => monitor.reload());
}

function gone({ config }: StoredContainer): RcxError {
  return new RcxError(`find the container: no such container: ${config.name}`, {
    code: 'ERR_RCX_CONTAINER_NOT_FOUND',
    step: 'find the container',
    path: config.name,
    hint: 'it was removed in this moment',
  });
}
