import { type ByteString, invalidLayer } from '../errors.ts';

/** One `key=value` record of a PAX extended header (POSIX.1-2017, pax, "pax Extended Header"). */
export type PaxRecord = readonly [key: ByteString, value: ByteString];

/** Values in which a NUL would end a name early for whoever reads it as a C string. */
const NAMES = new Set(['path', 'linkpath', 'uname', 'gname']);

/**
 * Reads the body of an extended header: records `<length> <key>=<value>\n`, in which the length counts itself.
 * @throws ERR_RCX_LAYER_INVALID
 */
export function readPax(body: Buffer): PaxRecord[] {
  const records: PaxRecord[] = [];
  for (let at = 0; at < body.length; ) {
    const space = body.indexOf(0x20, at);
    const digits = space === -1 || space - at > 10 ? '' : body.toString('latin1', at, space);
    const length = /^[0-9]+$/.test(digits) ? Number.parseInt(digits, 10) : 0;
    const end = at + length;
    if (length < digits.length + 4 || end > body.length || body[end - 1] !== 0x0a) throw damaged();
    const equals = body.indexOf(0x3d, space + 1);
    if (equals <= space + 1 || equals >= end) throw damaged();
    records.push(checked(body.toString('latin1', space + 1, equals), body.toString('latin1', equals + 1, end - 1)));
    at = end;
  }
  return records;
}

function checked(key: ByteString, value: ByteString): PaxRecord {
  if (key.includes('\0') || (NAMES.has(key) && value.includes('\0'))) throw damaged();
  return [key, value];
}

function damaged() {
  return invalidLayer('the archive is damaged: a PAX extended header is malformed');
}

/** A PAX time: decimal seconds with any number of digits after the point, also negative. */
export interface PaxTime {
  seconds: number;
  /** 0 to 999 999 999, counted forward from `seconds`. */
  nanoseconds: number;
}

/** Reads `1700000000.123456789`; digits beyond nanoseconds are dropped. */
export function readPaxTime(value: ByteString, entry: ByteString): PaxTime {
  const match = /^(-?)([0-9]{1,15})(?:\.([0-9]*))?$/.exec(value);
  if (match === null) throw invalidLayer('a PAX time is not a number', entry);
  const [, sign, whole = '0', fraction = ''] = match;
  const seconds = Number.parseInt(whole, 10);
  const nanoseconds = Number.parseInt(fraction.slice(0, 9).padEnd(9, '0'), 10);
  if (sign !== '-') return { seconds, nanoseconds };
  return nanoseconds === 0
    ? { seconds: -seconds, nanoseconds }
    : { seconds: -seconds - 1, nanoseconds: 1e9 - nanoseconds };
}

/** Reads a decimal number that must be exact in JavaScript. */
export function readPaxInteger(value: ByteString, entry: ByteString): number {
  const number = /^-?[0-9]{1,17}$/.test(value) ? Number(value) : Number.NaN;
  if (!Number.isSafeInteger(number)) throw invalidLayer('a PAX number is not one, or too large', entry);
  return number;
}
