import type { RcxError } from '../../errors.ts';
import { parseBool } from '../../oci/parseBool.ts';
import { splitCsv } from './csv.ts';
import { checkTarget, invalidMount } from './invalid.ts';

/** What can be mounted. */
export const TYPES = ['bind', 'volume', 'tmpfs', 'image'] as const;
export type MountType = (typeof TYPES)[number];

const ALIASES: Record<string, string> = { src: 'source', dst: 'target', destination: 'target', ro: 'readonly' };
/** What may be given several times. */
const REPEATED: readonly string[] = ['volume-label', 'volume-opt'];
/** Keys of one type begin with its name. */
const KEYS: readonly string[] = [
  ...['type', 'source', 'target', 'readonly', 'consistency', 'idmap'],
  ...['bind-propagation', 'bind-nonrecursive', 'bind-recursive', 'image-subpath', 'tmpfs-size', 'tmpfs-mode'],
  ...['volume-driver', 'volume-opt', 'volume-label', 'volume-nocopy', 'volume-subpath'],
];

/** The fields of `--mount`, and what is wrong with it said in one way. */
export class MountFields {
  readonly #text: string;
  readonly #values = new Map<string, string[]>();

  constructor(text: string) {
    this.#text = text;
    const fields = splitCsv(text);
    if (fields === undefined) throw this.invalid('quotes enclose a whole field, "volume-opt=o=a,b"');
    for (const field of fields) this.#add(field);
  }

  #add(field: string): void {
    const equals = field.indexOf('=');
    const given = (equals < 0 ? field : field.slice(0, equals)).trim().toLowerCase();
    const key = ALIASES[given] ?? given;
    if (!KEYS.includes(key)) throw this.invalid(`unexpected key ${JSON.stringify(given)}`);
    if (this.#values.has(key) && !REPEATED.includes(key)) throw this.invalid(`${key} is given twice`);
    const isSwitch = ['readonly', 'idmap', 'volume-nocopy', 'bind-nonrecursive'].includes(key);
    if (equals < 0 && !isSwitch) throw this.invalid(`invalid field '${field}' must be a key=value pair`);
    this.#values.set(key, [...(this.#values.get(key) ?? []), equals < 0 ? 'true' : field.slice(equals + 1)]);
  }

  get(key: string): string | undefined {
    return this.#values.get(key)?.[0];
  }

  has(key: string): boolean {
    return this.#values.has(key);
  }

  isTrue(key: string): boolean {
    const value = this.get(key) ?? 'false';
    const read = parseBool(value);
    if (read === undefined) throw this.invalid(`invalid value for ${key}: ${value}`);
    return read;
  }

  map(key: string): Record<string, string> {
    const pairs = (this.#values.get(key) ?? []).map((text): [string, string] => {
      const equals = text.indexOf('=');
      return equals < 0 ? [text, ''] : [text.slice(0, equals), text.slice(equals + 1)];
    });
    return Object.fromEntries(pairs);
  }

  /** Keys of other types than the mount's. */
  refuseOthers(type: MountType): void {
    for (const key of this.#values.keys()) {
      const owner = TYPES.find((each) => key.startsWith(`${each}-`));
      if (owner !== undefined && owner !== type) {
        throw this.invalid(`cannot mix '${owner}-*' options with mount type '${type}'`);
      }
    }
  }

  target(): string {
    return checkTarget(this.get('target') ?? '', '--mount', this.#text);
  }

  invalid(hint: string): RcxError {
    return invalidMount('--mount', this.#text, hint);
  }
}
