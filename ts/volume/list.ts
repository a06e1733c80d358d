import type { Engine } from '../engine.ts';
import { labelFilters, passesLabels } from '../system/filters/labels.ts';
import { type Filter, named, parseFilters, parseTruth } from '../system/filters/parse.ts';
import type { Volume } from './record.ts';
import { VolumeStore } from './store.ts';
import { VolumeUsers } from './users.ts';

const FILTERS = ['dangling', 'driver', 'label', 'name'] as const;
type VolumeFilter = Filter<(typeof FILTERS)[number]>;

/**
 * The volumes that pass Docker's filters, in the order of their names: `dangling=true|false`, `driver=…`, `label=name[=value]`,
 * `name=…`, a part of the name. Of several of one name any will do, but all labels must be there.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function listVolumes(engine: Engine, texts: readonly string[] = []): Volume[] {
  const filters = parseFilters(texts, FILTERS);
  const test = testOf(engine, filters);
  return new VolumeStore(engine.paths).list().filter(test);
}

function testOf(engine: Engine, filters: readonly VolumeFilter[]): (volume: Volume) => boolean {
  const values = (name: VolumeFilter['name']) => named(filters, name).map(({ value }) => value);
  const [drivers, parts, labels] = [values('driver'), values('name'), labelFilters(filters)];
  const dangling = named(filters, 'dangling').map((filter) => parseTruth(filter));
  const users = dangling.length === 0 ? undefined : new VolumeUsers(engine.containers);
  return (volume) =>
    (drivers.length === 0 || drivers.includes('local')) &&
    (parts.length === 0 || parts.some((part) => volume.name.includes(part))) &&
    passesLabels(labels, volume.labels) &&
    (users === undefined || dangling.includes(users.of(volume.name).length === 0));
}
