import { InvalidArgumentError } from 'commander';
import { parseDuration } from '../../ts/oci/instructions/duration.ts';

/**
 * A moment as Docker takes it, in nanoseconds since 1970: seconds since 1970, a date, or how long ago. Without a zone a date is
 * of the local one.
 */
export function time(text: string): bigint {
  const [, seconds, fraction = ''] = /^([0-9]{1,12})(?:\.([0-9]{1,9}))?$/.exec(text) ?? [];
  if (seconds !== undefined) return BigInt(seconds) * 1_000_000_000n + BigInt(fraction.padEnd(9, '0'));
  const ago = parseDuration(text);
  if (ago !== undefined) return BigInt(Date.now()) * 1_000_000n - ago;
  // What stands behind the third digit is lost in a Date.
  const [, whole = text, digits = '', zone = ''] = /^(.*?)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)?$/.exec(text) ?? [];
  // A date alone is UTC to JavaScript and local to Docker.
  const milliseconds = /^\d{4}-\d\d-\d\d/.test(whole)
    ? Date.parse(`${whole.length === 10 ? `${whole}T00:00:00` : whole}${zone}`)
    : Number.NaN;
  if (Number.isNaN(milliseconds))
    throw new InvalidArgumentError('write it as 2026-01-31T12:00:00, or as 10m for ten minutes ago');
  return BigInt(milliseconds) * 1_000_000n + BigInt(digits.padEnd(9, '0'));
}
