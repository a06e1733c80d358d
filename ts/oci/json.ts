import type { RcxError } from '../errors.ts';
import { type Digest, isDigest } from './digest.ts';
import { quote } from './quote.ts';

/** Turns one checked node into a value. */
export type Reader<T> = (node: JsonNode) => T;

/**
 * A value of a foreign JSON document together with where it stands, so that each check can name the key that failed.
 * Only what is asked for is read: unknown members, `__proto__` among them, never reach the caller.
 */
export class JsonNode {
  readonly value: unknown;
  /** `config.Env[3]`; empty for the document itself. */
  readonly path: string;
  readonly #failure: (problem: string, path: string) => RcxError;

  constructor(value: unknown, failure: (problem: string, path: string) => RcxError, path = '') {
    this.value = value;
    this.path = path;
    this.#failure = failure;
  }

  /** The caller's kind of error for this node: `config.Env[3]: is not a string`. */
  error(problem: string): RcxError {
    return this.#failure(this.path === '' ? `the document ${problem}` : `${quote(this.path)} ${problem}`, this.path);
  }

  has(name: string): boolean {
    const object = this.#object();
    return Object.hasOwn(object, name) && object[name] !== null;
  }

  keys(): string[] {
    return Object.keys(this.#object());
  }

  required<T>(name: string, read: Reader<T>): T {
    if (!this.has(name)) throw this.#child(name).error('is missing');
    return read(this.#child(name));
  }

  /** `null` counts as absent: Go programs write it for empty lists and maps. */
  optional<T>(name: string, read: Reader<T>): T | undefined {
    return this.has(name) ? read(this.#child(name)) : undefined;
  }

  items(): JsonNode[] {
    if (!Array.isArray(this.value)) throw this.error('is not a list');
    return this.value.map((item: unknown, index) => new JsonNode(item, this.#failure, `${this.path}[${index}]`));
  }

  entries(): [string, JsonNode][] {
    return this.keys().map((key) => [key, this.#child(key)]);
  }

  #object(): Record<string, unknown> {
    if (typeof this.value !== 'object' || this.value === null || Array.isArray(this.value)) {
      throw this.error('is not an object');
    }
    return this.value as Record<string, unknown>;
  }

  #child(name: string): JsonNode {
    const path = this.path === '' ? name : `${this.path}.${name}`;
    const object = this.#object();
    return new JsonNode(Object.hasOwn(object, name) ? object[name] : undefined, this.#failure, path);
  }
}

/** A NUL would end the string early in the kernel: what was checked would not be what runs. */
export const string: Reader<string> = (node) => {
  if (typeof node.value !== 'string') throw node.error('is not a string');
  if (node.value.includes('\0')) throw node.error('contains a NUL character');
  return node.value;
};

export const boolean: Reader<boolean> = (node) => {
  if (typeof node.value !== 'boolean') throw node.error('is not true or false');
  return node.value;
};

export const integer: Reader<number> = (node) => {
  if (!Number.isSafeInteger(node.value)) throw node.error('is not a whole number');
  return node.value as number;
};

/** A size in bytes. */
export const size: Reader<number> = (node) => {
  const value = integer(node);
  if (value < 0) throw node.error('is negative');
  return value;
};

export const digest: Reader<Digest> = (node) => {
  const text = string(node);
  if (!isDigest(text)) throw node.error(`is ${quote(text)}, which is not a sha256 or sha512 digest`);
  return text;
};

export function listOf<T>(read: Reader<T>, longest = Number.POSITIVE_INFINITY): Reader<T[]> {
  return (node) => {
    const items = node.items();
    if (items.length > longest) throw node.error(`has ${items.length} entries, more than the ${longest} allowed`);
    return items.map(read);
  };
}

/** Built with `Object.fromEntries`, which defines a `__proto__` key as an ordinary member instead of setting the prototype. */
export function mapOf<T>(read: Reader<T>): Reader<Record<string, T>> {
  return (node) => Object.fromEntries(node.entries().map(([key, child]) => [key, read(child)]));
}

type Present<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves out the members that are undefined, so that absent stays absent. */
export function present<T extends object>(members: T): Present<T> {
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as Present<T>;
}
