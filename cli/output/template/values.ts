import { printable } from '../errors.ts';

/**
 * Text that the template wrote, or that a function made. A plain string is data, and is escaped when it is printed; here the
 * two kinds are mixed: a line break out of `println` must reach the terminal, one in a label must not.
 */
export class Text {
  /** What functions and comparisons work on. */
  readonly raw: string;
  /** The same as it is printed, with the control characters of data escaped. */
  readonly shown: string;

  constructor(raw: string, shown: string = raw) {
    this.raw = raw;
    this.shown = shown;
  }
}

/** A number that was written as a fraction, `1.0`: Go does not compare it with an integer, nor print it as one. */
export class Real {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** What a map has under a name that is not in it. It can be asked for further names and is printed as `<no value>`. */
export const MISSING = Symbol('no value');

export type Words = string | Text;
/** Which of the two texts is wanted: {@link raw} or {@link shown}. */
export type TextOf = (words: Words) => string;
/** A member that takes an argument, as in `{{.Label "key"}}`. */
export type Method = (argument: string) => string;

/** What functions work on. */
export const raw: TextOf = (words) => (typeof words === 'string' ? words : words.raw);
/** What may be sent to a terminal. */
export const shown: TextOf = (words) => (typeof words === 'string' ? printable(words) : words.shown);

/** Text made of other text, once of what it is and once of what is shown of it. */
export function compose(make: (text: TextOf) => string): Text {
  return new Text(make(raw), make(shown));
}

/** The same kind of text, changed. */
export function mapText(words: Words, change: (text: string) => string): Words {
  return typeof words === 'string' ? change(words) : new Text(change(words.raw), change(words.shown));
}

/** Text, of the data or of the template. */
export function isText(value: unknown): value is Words {
  return typeof value === 'string' || value instanceof Text;
}

/** A slice or array of Go. */
export function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

/** A struct or map of Go; `isMap` tells which. */
export function isObject(value: unknown): value is Record<string, unknown> {
  const made = value instanceof Text || value instanceof Real;
  return typeof value === 'object' && value !== null && !made && !isList(value);
}

/** What is called when it is asked for. */
export function isMethod(value: unknown): value is Method {
  return typeof value === 'function';
}

/** Null, or nothing at all. */
export function isNil(value: unknown): value is null | undefined | typeof MISSING {
  return value === null || value === undefined || value === MISSING;
}

/** A whole number of the data or of the template. */
export function isInteger(value: unknown): value is number {
  return typeof value === 'number' && Number.isInteger(value);
}

/** Names of Go's types, which errors and wrong verbs of `printf` show. */
export function typeName(value: unknown): string {
  if (isText(value)) return 'string';
  if (typeof value === 'boolean') return 'bool';
  if (isInteger(value)) return 'int';
  if (typeof value === 'number' || value instanceof Real) return 'float64';
  if (isList(value)) return `[]${elementType(value)}`;
  if (isObject(value)) return `map[string]${elementType(Object.values(value))}`;
  return 'nil';
}

function elementType(elements: readonly unknown[]): string {
  const [type = 'string', ...others] = new Set(elements.map(typeName));
  return others.length === 0 ? type : 'interface {}';
}

/** Go's order of strings: by their bytes. */
export function compareText(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** Members in the order in which Go prints and walks a map. */
export function sortedEntries(object: Record<string, unknown>): [key: string, value: unknown][] {
  const own = Object.entries(object).filter(([, value]) => !isMethod(value));
  return own.sort(([a], [b]) => compareText(a, b));
}

/** What `if`, `and` and `or` take for true: anything but what is empty, zero or missing. */
export function isTrue(value: unknown): boolean {
  if (isNil(value)) return false;
  if (isText(value)) return raw(value) !== '';
  if (value instanceof Real) return value.value !== 0;
  if (isList(value)) return value.length > 0;
  if (isObject(value)) return Object.keys(value).length > 0;
  return Boolean(value);
}
