import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import { type PruneFilters, passes } from '../system/pruneFilters.ts';
import { DEFAULT_NETWORK } from './create.ts';
import { removeNetwork } from './remove.ts';
import { NetworkStore } from './store.ts';
import { usersOf } from './users.ts';

/**
 * Removes the networks that no container is in, but the default one; returns their names.
 * @throws ERR_RCX_NETWORK_DAMAGED, ERR_RCX_NETWORK, ERR_RCX_REMOVE
 */
export async function pruneNetworks(engine: Engine, filters: PruneFilters): Promise<string[]> {
  const removed: string[] = [];
  for (const network of new NetworkStore(engine.paths).list()) {
    if (network.name === DEFAULT_NETWORK || !passes(filters, network)) continue;
    if (usersOf(engine.containers, network).length > 0) continue;
    try {
      removed.push(await removeNetwork(engine, network.name));
    } catch (error) {
      // A container has just been made in it, or somebody else has removed it.
      if (!isRcxError(error, 'ERR_RCX_NETWORK_IN_USE') && !isRcxError(error, 'ERR_RCX_NETWORK_NOT_FOUND')) throw error;
    }
  }
  return removed;
}
