/** Nanoseconds; both signs for micro are Go's. */
const UNITS: ReadonlyMap<string, bigint> = new Map([
  ['ns', 1n],
  ['us', 1_000n],
  ['\u00b5s', 1_000n],
  ['\u03bcs', 1_000n],
  ['ms', 1_000_000n],
  ['s', 1_000_000_000n],
  ['m', 60_000_000_000n],
  ['h', 3_600_000_000_000n],
]);
const PART = /^([0-9]*)(?:\.([0-9]*))?(ns|[u\u00b5\u03bc]s|ms|s|m|h)/;
/** Far longer than any duration that is meant; keeps the numbers small. */
const LONGEST = 64;

/**
 * The nanoseconds of a duration as Go's `time.ParseDuration` reads it: `1h30m`, `1.5s`, `-2ms`, `0`. What is less than
 * a nanosecond is dropped. Undefined for anything else.
 */
export function parseDuration(text: string): bigint | undefined {
  if (text.length > LONGEST) return undefined;
  const [, sign = '', unsigned = ''] = /^([+-]?)(.*)$/s.exec(text) ?? [];
  if (unsigned === '0') return 0n;
  let rest = unsigned;
  let total = 0n;
  do {
    const [part, whole = '', fraction = '', unit = ''] = PART.exec(rest) ?? [];
    const scale = UNITS.get(unit);
    if (part === undefined || scale === undefined || whole + fraction === '') return undefined;
    total += BigInt(whole) * scale + (BigInt(fraction) * scale) / 10n ** BigInt(fraction.length);
    rest = rest.slice(part.length);
  } while (rest !== '');
  return sign === '-' ? -total : total;
}
