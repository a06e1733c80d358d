import { join } from 'node:path';
import type { Engine } from '../../engine.ts';
import { findInUse } from '../../image/inUse.ts';
import { hexOf } from '../../oci/digest.ts';
import type { Leftover } from '../../store/check/findings.ts';
import { listTemporaries, sweepWreckage } from '../../store/gc.ts';
import { listLayers } from '../../store/listing.ts';
import { removeEmptyCgroup } from '../strayCgroups.ts';
import type { Tell } from './report.ts';

/**
 * Removes what killed commands have left, but for content that a pull may use. To be called by whoever holds the content lock
 * alone, when the index can be read.
 */
export async function repairLeftovers(engine: Engine, leftovers: readonly Leftover[], tell: Tell): Promise<void> {
  const { paths, layers, containers } = engine;
  const temporaries = listTemporaries(paths);
  await sweepWreckage(paths);
  for (const path of temporaries) tell('removed', `temporary: ${path}`);
  const used = findInUse(engine);
  for (const diffId of listLayers(paths)) {
    if (layers.state(diffId) === 'whole' || used.diffIds.has(diffId) || used.unreadable.length > 0) continue;
    await layers.remove(diffId);
    tell('removed', `layer ${diffId}: ${join(paths.layers, hexOf(diffId))}`);
  }
  const names = containers.abandonedNames();
  containers.freeAbandonedNames();
  for (const name of names) tell('removed', `name: ${join(containers.folder('.names'), name)}`);
  for (const { path } of leftovers.filter(({ kind }) => kind === 'cgroup')) {
    if (removeEmptyCgroup(path)) tell('removed', `cgroup: ${path}`);
  }
}
