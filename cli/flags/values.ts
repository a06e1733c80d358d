import { parseSize, SIZES } from '../../ts/container/limits/size.ts';
import { RcxError } from '../../ts/errors.ts';
import { parsePlatform } from '../../ts/oci/platform.ts';

/** commander's error for a bad value; handed in, so that this module does not load commander a second way. */
export type ArgumentError = new (message: string) => Error;

/** A flag that may be given several times. Errors of rcx become commander's, which name the flag. */
export function collect<T>(parse: (text: string) => T, Invalid: ArgumentError) {
  return (text: string, before: T[] | undefined): T[] => {
    try {
      return [...(before ?? []), parse(text)];
    } catch (error) {
      if (error instanceof RcxError) throw new Invalid(error.hint ?? error.message);
      throw error;
    }
  };
}

/** A flag that is given once, the last of them. */
export function checked<T>(parse: (text: string) => T, Invalid: ArgumentError) {
  const list = collect(parse, Invalid);
  return (text: string): T | undefined => list(text, undefined)[0];
}

/** Bytes from `512m`, `1.5g`, `1000000`. */
export function size(text: string, Invalid: ArgumentError): number {
  const bytes = parseSize(text);
  if (bytes === undefined) throw new Invalid(`${SIZES}.`);
  return bytes;
}

/** A whole number, -1 for no limit. */
export function whole(text: string, Invalid: ArgumentError): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < -1 || text.trim() === '') throw new Invalid('give a whole number.');
  return number;
}

/** How many there are of something. */
export function count(text: string, Invalid: ArgumentError): number {
  const number = whole(text, Invalid);
  if (number < 0) throw new Invalid('it is less than none.');
  return number;
}

export function platform(text: string) {
  return parsePlatform(text);
}

/** `name=value`, or a name alone. */
export function label(text: string, before: Record<string, string>): Record<string, string> {
  const equals = text.indexOf('=');
  const [name, value] = equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
  return { ...before, [name]: value };
}
