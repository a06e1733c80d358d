import { readFileSync } from 'node:fs';
import { RcxError } from '../ts/errors.ts';
import { parsePlatform } from '../ts/oci/platform.ts';

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

/** `NAME=value`, or `NAME` for this process' own value; empty when it has none, as in Docker. */
export function hostEnv(text: string): string {
  if (text.includes('=')) return text;
  const value = process.env[text];
  return value === undefined ? '' : `${text}=${value}`;
}

/** Lines of an `--env-file`: comments and empty lines are skipped. */
export function envFile(path: string): string[] {
  let content: string;
  try {
    content = readFileSync(path, 'utf8');
  } catch (cause) {
    throw new RcxError(`read --env-file: ${path}: ${(cause as Error).message}`, {
      code: 'ERR_RCX_ENV_FILE',
      step: 'read --env-file',
      path,
      hint: 'check the path',
      cause,
    });
  }
  const lines = content.split('\n').map((line) => line.replace(/^\s+|\r$/g, ''));
  return lines.filter((line) => line !== '' && !line.startsWith('#')).map(hostEnv);
}

const UNITS: Record<string, number> = { b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 };
/** Docker's least: with less a container's first process does not even start. */
const LEAST_MEMORY = 6 * 1024 ** 2;

/** Bytes from `512m`, `1.5g`, `1000000`. */
export function size(text: string, Invalid: ArgumentError): number {
  const match = /^([0-9]+(?:\.[0-9]+)?)\s*([bkmgt])?(?:i?b)?$/i.exec(text);
  const bytes = Math.floor(Number(match?.[1]) * (UNITS[(match?.[2] ?? 'b').toLowerCase()] ?? 1));
  if (match === null || !Number.isSafeInteger(bytes)) throw new Invalid('give bytes, or a number with b, k, m or g.');
  return bytes;
}

/** The same for what a container may have. */
export function memorySize(text: string, Invalid: ArgumentError): number {
  const bytes = size(text, Invalid);
  if (bytes < LEAST_MEMORY) throw new Invalid('the least is 6m.');
  return bytes;
}

/** A number above 0. */
export function positive(text: string, Invalid: ArgumentError): number {
  const number = Number(text);
  if (!(number > 0 && Number.isFinite(number)) || text.trim() === '') throw new Invalid('give a number above 0.');
  return number;
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

/** 9999-12-31T23:59:59Z: RFC 3339, which images are dated by, has no later year. */
const LAST_EPOCH = 253_402_300_799;

/**
 * Seconds since 1970 that images are dated to, for builds that give the same result twice
 * (https://reproducible-builds.org/specs/source-date-epoch/).
 */
export function sourceDateEpoch(env: NodeJS.ProcessEnv = process.env): number | undefined {
  const text = env.SOURCE_DATE_EPOCH;
  if (text === undefined || text === '') return undefined;
  if (/^[0-9]{1,12}$/.test(text) && Number(text) <= LAST_EPOCH) return Number(text);
  throw new RcxError(`read SOURCE_DATE_EPOCH: ${JSON.stringify(text)} is not a number of seconds`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'read SOURCE_DATE_EPOCH',
    hint: 'set it to seconds since 1970, before the year 10000, or unset it',
  });
}
