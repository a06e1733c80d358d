import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The files by which a machine tells about itself. */
export class Host {
  readonly #root: string;

  /** @param root where the machine's `/` is */
  constructor(root = '/') {
    this.#root = root;
  }

  has(path: string): boolean {
    return existsSync(join(this.#root, path));
  }

  /** The text of a file, without blanks at its end; `undefined` where it cannot be read. */
  read(path: string): string | undefined {
    try {
      return readFileSync(join(this.#root, path), 'utf8').trimEnd();
    } catch {
      return undefined;
    }
  }

  /** The number in a file of one. */
  number(path: string): number | undefined {
    const text = this.read(path);
    return text !== undefined && /^-?[0-9]+$/.test(text) ? Number(text) : undefined;
  }
}
