import { quote } from '../../oci/quote.ts';
import { badFilter, type Filter } from './parse.ts';

const UNIT_MS: Record<string, number> = { ns: 1e-6, us: 1e-3, µs: 1e-3, ms: 1, s: 1000, m: 60_000, h: 3_600_000 };
const DURATION = /^[-+]?(?:(?:\d+\.?\d*|\.\d+)(?:ns|us|\u00b5s|ms|s|m|h))+$/;
const DATE = /^\d{4}-\d\d-\d\d(?:T\d\d(?::\d\d(?::\d\d(?:\.\d{1,9})?)?)?)?(?:Z|[-+]\d\d:\d\d)?$/;

/**
 * What Docker takes for a time: Go's durations, counted back from now; seconds since 1970; dates, of this machine's zone unless
 * they say.
 * @returns milliseconds since 1970
 * @throws ERR_RCX_INVALID_OPTION
 */
export function parseTime({ value, text }: Filter, now: number): number {
  if (DURATION.test(value)) return now - duration(value);
  if (/^\d+(?:\.\d+)?$/.test(value)) return Number(value) * 1000;
  const time = DATE.test(value) ? Date.parse(completed(value)) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw badFilter(text, `failed to parse value as time or duration: ${quote(value)}`, 'write 24h, or 2026-01-31T12:00');
}

function duration(value: string): number {
  const parts = value.matchAll(/([\d.]+)(ns|us|\u00b5s|ms|s|m|h)/g);
  const sum = [...parts].reduce((total, [, number, unit]) => total + Number(number) * (UNIT_MS[unit ?? ''] ?? 0), 0);
  return value.startsWith('-') ? -sum : sum;
}

/** With time of day to the second: JavaScript takes a mere date for one of UTC, and knows no mere hours. */
function completed(value: string): string {
  const [, date = '', time = '', zone = ''] = /^(\d{4}-\d\d-\d\d)(?:T([\d:.]+))?(.*)$/.exec(value) ?? [];
  const parts = time === '' ? [] : time.split(':');
  return `${date}T${[...parts, ...['00', '00', '00'].slice(parts.length)].join(':')}${zone}`;
}
