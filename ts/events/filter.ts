import { RcxError } from '../errors.ts';
import { plain } from '../oci/quote.ts';
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
  // The details of an action, as those of exec_start, need not be given.
  event: ({ Action }, value) => Action === value || Action.split(':')[0] === value,
  type: ({ Type }, value) => Type === value,
  scope: ({ scope }, value) => scope === value,
  label: ({ Actor: { Attributes } }, value) => {
    const [name = '', ...rest] = value.split('=');
    return Object.hasOwn(Attributes, name) && (rest.length === 0 || Attributes[name] === rest.join('='));
  },
};

/**
 * Reads `--filter`s of `docker events`: one of the values of each name must fit, but all labels.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function parseEventFilters(texts: readonly string[]): (event: RcxEvent) => boolean {
  const values = new Map<string, string[]>();
  for (const text of texts) {
    const at = text.indexOf('=');
    const name = text.slice(0, Math.max(at, 0)).trim().toLowerCase();
    if (at < 0) throw badFilter(text, 'it is not of the form name=value');
    if (!Object.hasOwn(MATCHERS, name)) throw badFilter(text, `there is no filter ${plain(name)}`);
    values.set(name, [...(values.get(name) ?? []), text.slice(at + 1)]);
  }
  return (event) =>
    [...values].every(([name, wanted]) => {
      const matches = (value: string) => MATCHERS[name]?.(event, value) === true;
      return name === 'label' ? wanted.every(matches) : wanted.some(matches);
    });
}

function badFilter(text: string, problem: string): RcxError {
  const path = plain(text);
  return new RcxError(`read --filter ${path}: ${problem}`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'read --filter',
    path,
    hint: `use ${Object.keys(MATCHERS).join(', ')}`,
  });
}
