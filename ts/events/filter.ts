import { passesLabels } from '../system/filters/labels.ts';
import { parseFilters } from '../system/filters/parse.ts';
import type { RcxEvent } from './event.ts';

type Matcher = (event: RcxEvent, value: string) => boolean;

/** Whether something is meant by an id, the start of one, or a name. */
function isActor({ Actor }: RcxEvent, value: string): boolean {
  return value !== '' && (Actor.ID.startsWith(value) || Actor.Attributes.name === value);
}

/** Docker's filters for events. */
const MATCHERS: Record<string, Matcher> = {
  container: (event, value) => event.Type === 'container' && isActor(event, value),
  image: (event, value) => {
    const names = event.Type === 'image' ? [event.Actor.ID, event.Actor.Attributes.name] : [event.from];
    return names.some((name) => name === value || name?.split(':')[0] === value);
  },
  volume: (event, value) => event.Type === 'volume' && event.Actor.ID === value,
  network: (event, value) =>
    event.Type === 'network' && (event.Actor.ID === value || event.Actor.Attributes.name === value),
  // The details of an action, as those of exec_start, need not be given.
  event: ({ Action }, value) => Action === value || Action.split(':')[0] === value,
  type: ({ Type }, value) => Type === value,
  scope: ({ scope }, value) => scope === value,
  label: ({ Actor }, value) => passesLabels({ labels: [value], withoutLabels: [] }, Actor.Attributes),
};

/**
 * Reads `--filter`s of `docker events`: one of the values of each name must fit, but all labels.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function parseEventFilters(texts: readonly string[]): (event: RcxEvent) => boolean {
  const values = new Map<string, string[]>();
  for (const { name, value } of parseFilters(texts, Object.keys(MATCHERS)))
    values.set(name, [...(values.get(name) ?? []), value]);
  return (event) =>
    [...values].every(([name, wanted]) => {
      const matches = (value: string) => MATCHERS[name]?.(event, value) === true;
      return name === 'label' ? wanted.every(matches) : wanted.some(matches);
    });
}
