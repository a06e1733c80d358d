import { parseSize, SIZES } from '../../container/limits/size.ts';
import { isRcxError, RcxError } from '../../errors.ts';

/** Where a value was given: `memory`, `mounts[1]`. */
export type Path = string;

/**
 * An option with a value that it cannot have.
 * @param allowed what it can have
 */
export function invalidOption(path: Path, value: unknown, allowed: string, cause?: unknown): RcxError {
  return new RcxError(`the option ${path} cannot be ${shown(value)}: ${allowed}`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'read the options',
    path,
    hint: allowed,
    cause,
  });
}

function shown(value: unknown): string {
  if (typeof value === 'function' || typeof value === 'symbol') return `a ${typeof value}`;
  const text = typeof value === 'bigint' ? `${value}n` : (JSON.stringify(value) ?? String(value));
  return text.length > 80 ? `${text.slice(0, 77)}…` : text;
}

export function text(value: unknown, path: Path): string {
  // The kernel would take what stands before a NUL for all of it.
  if (typeof value === 'string' && !value.includes('\0')) return value;
  throw invalidOption(path, value, 'it is a string without NUL');
}

export function flag(value: unknown, path: Path): boolean {
  if (typeof value === 'boolean') return value;
  throw invalidOption(path, value, 'it is true or false');
}

export function number(value: unknown, path: Path): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  throw invalidOption(path, value, 'it is a number');
}

/** A whole number from `least` on. */
export function whole(value: unknown, path: Path, least = 0): number {
  if (Number.isSafeInteger(value) && (value as number) >= least) return value as number;
  throw invalidOption(path, value, `it is a whole number from ${least} on`);
}

/** @param least -1 where that stands for no limit */
export function size(value: unknown, path: Path, least = 0): number {
  const bytes = typeof value === 'string' ? parseSize(value) : value;
  if (Number.isSafeInteger(bytes) && (bytes as number) >= least) return bytes as number;
  throw invalidOption(path, value, SIZES);
}

export function oneOf<const T extends string>(values: readonly T[]) {
  return (value: unknown, path: Path): T => {
    const found = values.find((each) => each === value);
    if (found !== undefined) return found;
    throw invalidOption(path, value, `it is one of ${values.join(', ')}`);
  };
}

export function textOrNumber(value: unknown, path: Path): string {
  return typeof value === 'number' ? String(whole(value, path)) : text(value, path);
}

export function list<T>(read: (value: unknown, path: Path) => T) {
  return (value: unknown, path: Path): T[] => {
    if (!Array.isArray(value)) throw invalidOption(path, value, 'it is an array');
    return value.map((each, at) => read(each, `${path}[${at}]`));
  };
}

/** Members that are `undefined` are left out. */
export function record<T>(read: (value: unknown, path: Path) => T) {
  return (value: unknown, path: Path): Record<string, T> => {
    const members = Object.entries(object(value, path)).filter(([, member]) => member !== undefined);
    return Object.fromEntries(members.map(([name, member]) => [name, read(member, `${path}.${name}`)]));
  };
}

export function object(value: unknown, path: Path): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  throw invalidOption(path, value, 'it is an object');
}

/** What a reader of rcx' command line refuses, with the option's name. */
export function parsed<T>(parse: (text: string) => T) {
  return (value: unknown, path: Path): T => {
    const words = textOrNumber(value, path);
    return allowing(value, path, () => parse(words));
  };
}

/** Has what `read` refuses said of the option. */
export function allowing<T>(value: unknown, path: Path, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (isRcxError(error)) throw invalidOption(path, value, error.hint ?? error.message, error);
    throw error;
  }
}

/** @throws ERR_RCX_INVALID_OPTION for a name that there is no option of */
export function onlyKnown(options: object, known: readonly string[], prefix = ''): void {
  const stranger = Object.keys(options).find((name) => !known.includes(name));
  if (stranger === undefined) return;
  const near = known.find((name) => name.toLowerCase() === stranger.toLowerCase());
  const hint = near === undefined ? `there are ${[...known].sort().join(', ')}` : `${near} is meant, perhaps`;
  throw new RcxError(`there is no option ${prefix}${stranger}: ${hint}`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'read the options',
    path: `${prefix}${stranger}`,
    hint,
  });
}
