import { quote } from '../../../ts/oci/quote.ts';
import { Fault } from './errors.ts';
import { Real } from './values.ts';

const INTEGER =
  /^([+-]?)(?:0[xX]_?([0-9a-fA-F]+(?:_[0-9a-fA-F]+)*)|0[bB]_?([01]+(?:_[01]+)*)|0[oO]?_?([0-7]+(?:_[0-7]+)*)|(0|[1-9][0-9]*(?:_[0-9]+)*))$/;
const DECIMAL = /^[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?$/;

/** A number as Go writes it: `12`, `0x1f`, `0o17`, `1_000`, `1.5`, `1e3`. */
export function readNumber(text: string): number | Real {
  const [, sign, hex, binary, octal, decimal] = INTEGER.exec(text) ?? [];
  const digits = hex ?? binary ?? octal ?? decimal;
  if (digits === undefined) {
    if (!DECIMAL.test(text) || !/[.eE]/.test(text) || !Number.isFinite(Number(text)))
      throw new Fault(`${quote(text)} is no number`);
    return new Real(Number(text));
  }
  const base = hex !== undefined ? 16 : binary !== undefined ? 2 : octal !== undefined ? 8 : 10;
  const value = Number.parseInt(digits.replaceAll('_', ''), base);
  if (!Number.isSafeInteger(value)) throw new Fault(`${quote(text)} is too large a number`);
  return sign === '-' && value !== 0 ? -value : value;
}

const SIMPLE: Record<string, string> = {
  a: '\u0007',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
  '\\': '\\',
  '"': '"',
};
const ESCAPE = /\\(?:x([0-9a-fA-F]{2})|([0-3][0-7]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([abfnrtv\\"]))|\\|[^\\]+/g;

/** What a string of Go says, in double quotes or in backquotes. */
export function readString(quoted: string): string {
  const inside = quoted.slice(1, -1);
  if (quoted.startsWith('`')) return inside.replaceAll('\r', '');
  // Bytes, because "\xc3\xa9" is one character.
  const parts = [...inside.matchAll(ESCAPE)].map(([whole, hex, octal, short, long, simple]) => {
    if (hex !== undefined) return Buffer.from([Number.parseInt(hex, 16)]);
    if (octal !== undefined) return Buffer.from([Number.parseInt(octal, 8)]);
    if (simple !== undefined) return Buffer.from(SIMPLE[simple] ?? '');
    if (whole.startsWith('\\')) return Buffer.from(codePoint(quoted, short ?? long));
    return Buffer.from(whole);
  });
  return Buffer.concat(parts).toString();
}

function codePoint(quoted: string, hex: string | undefined): string {
  const code = Number.parseInt(hex ?? '', 16);
  if (!(code <= 0x10ffff) || (code >= 0xd800 && code <= 0xdfff)) {
    throw new Fault(`${quote(quoted)} has an escape that Go does not know`);
  }
  return String.fromCodePoint(code);
}
