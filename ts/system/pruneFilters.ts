import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';

/** What is to be removed only, of all that could be. */
export interface PruneFilters {
  /** Milliseconds since 1970: only what was made before. */
  until?: number;
  /** `name` or `name=value`; all of them must be there. */
  labels: string[];
  /** What has all of these stays. */
  withoutLabels: string[];
}

/** Something that can be removed. */
interface Candidate {
  /** RFC 3339; what does not say is kept where `until` is asked for. */
  created: string | undefined;
  labels: Record<string, string> | undefined;
}

/**
 * Reads `--filter`s of Docker's `prune` commands: `until=…`, `label=…`, `label!=…`.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function parsePruneFilters(texts: readonly string[], now: number = Date.now()): PruneFilters {
  const filters: PruneFilters = { labels: [], withoutLabels: [] };
  for (const text of texts) {
    const at = text.indexOf('=');
    const [name, value] = [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
    if (at < 0) throw badFilter(text, 'bad format of filter', 'write it as name=value');
    if (name === 'label') filters.labels.push(value);
    else if (name === 'label!') filters.withoutLabels.push(value);
    else if (name !== 'until') throw badFilter(text, `there is no filter ${quote(name)}`, 'use until, label or label!');
    else if (filters.until !== undefined) throw badFilter(text, 'more than one until filter specified', 'give one');
    else filters.until = parseTime(value, now, text);
  }
  return filters;
}

/** Whether there is none. */
export function isUnfiltered({ until, labels, withoutLabels }: PruneFilters): boolean {
  return until === undefined && labels.length === 0 && withoutLabels.length === 0;
}

/** Whether something passes all filters. */
export function passes(filters: PruneFilters, { created, labels = {} }: Candidate): boolean {
  const { until, labels: wanted, withoutLabels } = filters;
  // A date that is missing or none is not before anything.
  if (until !== undefined && !(Date.parse(created ?? '') <= until)) return false;
  if (!hasAll(labels, wanted)) return false;
  return withoutLabels.length === 0 || !hasAll(labels, withoutLabels);
}

function hasAll(labels: Record<string, string>, wanted: readonly string[]): boolean {
  return wanted.every((text) => {
    const at = text.indexOf('=');
    const name = at < 0 ? text : text.slice(0, at);
    return Object.hasOwn(labels, name) && (at < 0 || labels[name] === text.slice(at + 1));
  });
}

const UNIT_MS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/;
const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.\d{1,9})?)?)?)?(?:Z|[-+]\d\d:\d\d)?$/;

/** What Docker takes: Go's durations, counted back from now; seconds since 1970; dates, of this machine's zone unless they say. */
function parseTime(value: string, now: number, text: string): number {
  if (DURATION.test(value)) return now - duration(value);
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000;
  const time = DATE.test(value) ? Date.parse(completed(value)) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw badFilter(text, `failed to parse value as time or duration: ${quote(value)}`, 'write 24h, or 2026-01-31T12:00');
}

function duration(value: string): number {
  const parts = value.matchAll(/([\d.]+)(ns|us|µs|ms|s|m|h)/g);
  const sum = [...parts].reduce((total, [, number, unit]) => total + Number(number) * (UNIT_MS[unit ?? ''] ?? 0), 0);
  return value.startsWith('-') ? -sum : sum;
}

/** With time of day to the second: JavaScript takes a mere date for one of UTC, and knows no mere hours. */
function completed(value: string): string {
  const [, date = '', time = '', zone = ''] = /^(\d{4}-\d\d-\d\d)(?:T([\d:.]+))?(.*)$/.exec(value) ?? [];
  const parts = time === '' ? [] : time.split(':');
  return `${date}T${[...parts, ...['00', '00', '00'].slice(parts.length)].join(':')}${zone}`;
}

function badFilter(text: string, problem: string, hint: string): RcxError {
  const path = plain(text);
  return new RcxError(`read --filter ${path}: ${problem}`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'read --filter',
    path,
    hint,
  });
}
