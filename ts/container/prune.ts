import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import { measure } from '../store/diskSpace.ts';
import { type PruneFilters, passes } from '../system/pruneFilters.ts';
import { listContainers } from './heal.ts';
import { isActive, removeContainer } from './remove.ts';

/** What a prune of containers removed. */
export interface PrunedContainers {
  ids: string[];
  /** Bytes that the disk got back. */
  reclaimed: number;
}

/**
 * Removes all containers that neither run nor are being started.
 * @throws ERR_RCX_REMOVE, ERR_RCX_CGROUP, ERR_RCX_MEASURE
 */
export async function pruneContainers(engine: Engine, filters?: PruneFilters): Promise<PrunedContainers> {
  await engine.enter();
  const pruned: PrunedContainers = { ids: [], reclaimed: 0 };
  for (const stored of await listContainers(engine)) {
    const { id, created, execution } = stored.config;
    if (isActive(stored)) continue;
    if (filters !== undefined && !passes(filters, { created, labels: execution.Labels })) continue;
    const { freed } = await measure(stored.folder);
    try {
      await removeContainer(engine, id);
    } catch (error) {
      // Removed by somebody else, or started, in this moment.
      if (isRcxError(error, 'ERR_RCX_CONTAINER_NOT_FOUND') || isRcxError(error, 'ERR_RCX_CONTAINER_RUNNING')) continue;
      throw error;
    }
    pruned.ids.push(id);
    pruned.reclaimed += freed;
  }
  return pruned;
}
