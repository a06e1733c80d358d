import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';
import { parsePortRange } from './ports.ts';
import { type ContainerStatus, STATUSES } from './status.ts';

const NAMES = [
  ...['ancestor', 'before', 'exited', 'expose', 'health', 'id', 'label', 'name', 'network', 'publish', 'since'],
  ...['status', 'volume'],
] as const;

export type FilterName = (typeof NAMES)[number];

/** Values of `--filter`s by name. Of one name any value will do, but for labels, of which all must be there. */
export type FilterValues = ReadonlyMap<FilterName, readonly string[]>;

const HEALTH: readonly string[] = ['starting', 'healthy', 'unhealthy', 'none'];
/** Of Docker's states those that there are no containers in: to ask for them is no mistake. */
const NEVER: readonly string[] = ['removing', 'dead'];

/** What is wrong with a value, if anything is. */
const PROBLEMS: Partial<Record<FilterName, (value: string) => string | undefined>> = {
  status: (value) =>
    STATUSES.includes(value as ContainerStatus) || NEVER.includes(value)
      ? undefined
      : `there is no status ${quote(value)}; it is one of ${[...STATUSES, ...NEVER].join(', ')}`,
  health: (value) =>
    HEALTH.includes(value) ? undefined : `there is no health ${quote(value)}; it is one of ${HEALTH.join(', ')}`,
  exited: (value) => (/^-?[0-9]{1,9}$/.test(value) ? undefined : `${quote(value)} is no exit code`),
  name: patternProblem,
  id: patternProblem,
  publish: portProblem,
  expose: portProblem,
};

/**
 * Reads the `--filter`s of Docker's `ps`, `name=value` each.
 * @throws ERR_RCX_INVALID_OPTION for a name or a value that is none
 */
export function parseContainerFilters(texts: readonly string[]): FilterValues {
  const filters = new Map<FilterName, string[]>();
  for (const text of texts) {
    const at = text.indexOf('=');
    if (at < 0) throw badFilter(text, 'bad format of filter; write it as name=value');
    const [given, value] = [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
    const name = NAMES.find((each) => each === given);
    if (name === undefined) throw badFilter(text, `there is no filter ${quote(given)}; there are ${NAMES.join(', ')}`);
    const problem = PROBLEMS[name]?.(value);
    if (problem !== undefined) throw badFilter(text, problem);
    filters.set(name, [...(filters.get(name) ?? []), value]);
  }
  return filters;
}

/** A name or an id matches where the pattern, which may be a regular expression, is found in it. */
export function matchesPattern(values: readonly string[], text: string): boolean {
  return values.some((value) => value === text || new RegExp(value).test(text));
}

/** Whether all `name` or `name=value` are among the labels. */
export function hasLabels(labels: Readonly<Record<string, string>>, wanted: readonly string[]): boolean {
  return wanted.every((text) => {
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at);
    return Object.hasOwn(labels, name) && (at < 0 || labels[name] === text.slice(at + 1));
  });
}

function patternProblem(value: string): string | undefined {
  try {
    new RegExp(value);
    return undefined;
  } catch {
    return `${quote(value)} is no regular expression`;
  }
}

function portProblem(value: string): string | undefined {
  return parsePortRange(value) === undefined
    ? `${quote(value)} is no port; write 80, 80/udp or 8000-8080/tcp`
    : undefined;
}

function badFilter(text: string, problem: string): RcxError {
  const path = plain(text);
  return new RcxError(`read --filter ${path}: ${problem}`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'read --filter',
    path,
  });
}
