import type { Engine } from '../engine.ts';
import { volumeEvent } from '../events/append.ts';
import { measure } from '../store/diskSpace.ts';
import { collectWreckage } from '../store/temporary.ts';
import { type LabelFilters, labelFilters, passesLabels } from '../system/filters/labels.ts';
import { named, parseFilters, parseTruth } from '../system/filters/parse.ts';
import { ANONYMOUS } from './record.ts';
import { removeUnused } from './remove.ts';
import { VolumeStore } from './store.ts';
import { VolumeUsers } from './users.ts';

/** Which of the volumes that no container has are removed. */
export interface VolumePruneFilters extends LabelFilters {
  /** Those that have a name, too. */
  all: boolean;
}

/** What a prune of volumes removed. */
export interface PrunedVolumes {
  names: string[];
  /** Bytes that the disk got back. */
  reclaimed: number;
}

/**
 * Reads `--filter`s of `docker volume prune`: `label=…`, `label!=…`, `all=true`.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function parseVolumePruneFilters(texts: readonly string[], all = false): VolumePruneFilters {
  const filters = parseFilters(texts, ['label', 'label!', 'all']);
  return { ...labelFilters(filters), all: all || named(filters, 'all').some((filter) => parseTruth(filter)) };
}

/**
 * Removes volumes that no container has: those without a name, or all.
 * @throws ERR_RCX_REMOVE, ERR_RCX_MEASURE
 */
export async function pruneVolumes(engine: Engine, filters: VolumePruneFilters): Promise<PrunedVolumes> {
  await engine.enter();
  const pruned: PrunedVolumes = { names: [], reclaimed: 0 };
  await collectWreckage(engine.paths.volumes);
  const users = new VolumeUsers(engine.containers);
  for (const volume of new VolumeStore(engine.paths).list()) {
    if (!filters.all && volume.labels[ANONYMOUS] === undefined) continue;
    if (!passesLabels(filters, volume.labels) || users.of(volume.name).length > 0) continue;
    const { freed } = await measure(volume.folder);
    if (!(await removeUnused(engine, volume))) continue;
    pruned.names.push(volume.name);
    pruned.reclaimed += freed;
  }
  volumeEvent(engine.paths, '', 'prune', { reclaimed: String(pruned.reclaimed) });
  return pruned;
}
