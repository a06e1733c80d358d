import { closeSync, openSync, readSync } from 'node:fs';

const READ = 1024 * 1024;

/**
 * Reads a file that another thread is still writing: the download's temporary file is the queue between the two, which
 * bounds memory without ever holding the download back.
 */
export class GrowingFile implements AsyncIterable<Buffer> {
  readonly #path: string;
  readonly #size: number;
  #available = 0;
  #failure: unknown;
  #wake: (() => void) | undefined;

  /** @param size bytes the file will have at last */
  constructor(path: string, size: number) {
    this.#path = path;
    this.#size = size;
  }

  /** So much has been written by now. */
  advance(available: number): void {
    this.#available = available;
    this.#wake?.();
  }

  /** The rest will not come: the reader gets `reason` thrown. */
  fail(reason: unknown): void {
    this.#failure = reason;
    this.#wake?.();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
    const fd = openSync(this.#path, 'r');
    try {
      for (let offset = 0; offset < this.#size; ) {
        if (this.#failure !== undefined) throw this.#failure;
        if (offset >= this.#available) {
          await new Promise<void>((resolve) => {
            this.#wake = resolve;
          });
          continue;
        }
        const buffer = Buffer.allocUnsafe(Math.min(READ, this.#available - offset));
        const read = readSync(fd, buffer, 0, buffer.length, offset);
        if (read === 0) throw new Error(`${this.#path}: ends at ${offset} of ${this.#size} bytes`);
        offset += read;
        yield buffer.subarray(0, read);
      }
    } finally {
      closeSync(fd);
    }
  }
}
