import { quote } from '../oci/quote.ts';
import { badFilter, parseFilters } from '../system/filters/parse.ts';
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

/** What is wrong with a value, and what to write. */
type Problem = [problem: string, hint: string];

/** What is wrong with a value, if anything is. */
const PROBLEMS: Partial<Record<FilterName, (value: string) => Problem | undefined>> = {
  status: (value) =>
    STATUSES.includes(value as ContainerStatus) || NEVER.includes(value)
      ? undefined
      : [`there is no status ${quote(value)}`, `use ${[...STATUSES, ...NEVER].join(', ')}`],
  health: (value) =>
    HEALTH.includes(value) ? undefined : [`there is no health ${quote(value)}`, `use ${HEALTH.join(', ')}`],
  exited: (value) =>
    /^-?[0-9]{1,9}$/.test(value) ? undefined : [`${quote(value)} is no exit code`, 'write it as a number'],
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
  for (const { name, value, text } of parseFilters(texts, NAMES)) {
    const problem = PROBLEMS[name]?.(value);
    if (problem !== undefined) throw badFilter(text, ...problem);
    filters.set(name, [...(filters.get(name) ?? []), value]);
  }
  return filters;
}

/** A name or an id matches where the pattern, which may be a regular expression, is found in it. */
export function matchesPattern(values: readonly string[], text: string): boolean {
  return values.some((value) => value === text || new RegExp(value).test(text));
}

function patternProblem(value: string): Problem | undefined {
  try {
    new RegExp(value);
    return undefined;
  } catch {
    return [`${quote(value)} is no regular expression`, 'write a part of what it is to be found in'];
  }
}

function portProblem(value: string): Problem | undefined {
  if (parsePortRange(value) !== undefined) return undefined;
  return [`${quote(value)} is no port`, 'write 80, 80/udp or 8000-8080/tcp'];
}
