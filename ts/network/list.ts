import type { Engine } from '../engine.ts';
import { labelFilters, passesLabels } from '../system/filters/labels.ts';
import { named, parseFilters } from '../system/filters/parse.ts';
import type { Network } from './record.ts';
import { NetworkStore } from './store.ts';

const FILTERS = ['driver', 'id', 'label', 'name'] as const;

/**
 * The networks that pass Docker's filters, in the order of their names: `driver=…`, `id=…` and `name=…`, each a part of it, and
 * `label=name[=value]`. Of several of one name any will do, but all labels must be there.
 * @throws ERR_RCX_INVALID_OPTION, ERR_RCX_NETWORK_DAMAGED
 */
export function listNetworks(engine: Engine, texts: readonly string[] = []): Network[] {
  const filters = parseFilters(texts, FILTERS);
  const values = (name: (typeof FILTERS)[number]) => named(filters, name).map(({ value }) => value);
  const passes = (parts: readonly string[], text: string) =>
    parts.length === 0 || parts.some((part) => text.includes(part));
  const [drivers, ids, names, labels] = [values('driver'), values('id'), values('name'), labelFilters(filters)];
  return new NetworkStore(engine.paths)
    .list()
    .filter(
      ({ id, name, labels: own }) =>
        (drivers.length === 0 || drivers.includes('bridge')) &&
        passes(ids, id) &&
        passes(names, name) &&
        passesLabels(labels, own),
    );
}
