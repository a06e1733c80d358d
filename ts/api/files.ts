import type { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Engine as Core } from '../engine.ts';
import type { FileEntry } from '../files/entry.ts';
import type { Place } from '../files/place.ts';
import type { FileAttributes } from '../files/write.ts';
import type { Bytes } from './operations/io.ts';
import { perform } from './operations/perform.ts';
import { written } from './written.ts';

/** What ends it early. */
export interface FileOptions {
  signal?: AbortSignal | undefined;
}

/**
 * The files of a container, which need not run, of a volume, or of an image, which can only be read. Paths are absolute; no link
 * leads out, whoever changes it meanwhile. What is not there is ERR_RCX_FILE_NOT_FOUND.
 */
export class Files {
  readonly #core: () => Promise<Core>;
  readonly #place: Place;

  constructor(core: () => Promise<Core>, place: Place) {
    [this.#core, this.#place] = [core, place];
  }

  /** What is in a directory, by name. */
  async list(path = '/'): Promise<FileEntry[]> {
    return await perform(await this.#core(), 'listFiles', { place: this.#place, path });
  }

  /** What stands at a path; of a symbolic link the link itself, unless `follow` says otherwise. */
  async stat(path: string, { follow = false }: { follow?: boolean } = {}): Promise<FileEntry> {
    return await perform(await this.#core(), 'statFile', { place: this.#place, path, follow });
  }

  /** All of a file. */
  async read(path: string, options: FileOptions = {}): Promise<Buffer> {
    return await buffer(this.createReadStream(path, options));
  }

  /** A file as a stream. */
  createReadStream(path: string, { signal }: FileOptions = {}): Readable {
    return written(async (output) => {
      await perform(await this.#core(), 'readFile', { place: this.#place, path }, { signal, output });
    });
  }

  /** Writes a file whose directory is there; one that is there already is replaced. */
  async write(
    path: string,
    content: string | Uint8Array | Bytes,
    { signal, ...attributes }: FileAttributes & FileOptions = {},
  ): Promise<void> {
    const input =
      typeof content === 'string' ? [Buffer.from(content)] : content instanceof Uint8Array ? [content] : content;
    await perform(await this.#core(), 'writeFile', { place: this.#place, path, attributes }, { signal, input });
  }

  /** A file or directory as a tar archive. */
  getArchive(path: string, { signal }: FileOptions = {}): Readable {
    return written(async (output) => {
      await perform(await this.#core(), 'readArchive', { place: this.#place, path }, { signal, output });
    });
  }

  /** Unpacks a tar archive, which gzip may have compressed, into a directory; owners are those of the archive. */
  async putArchive(archive: Bytes, path: string, { signal }: FileOptions = {}): Promise<void> {
    await perform(await this.#core(), 'writeArchive', { place: this.#place, path }, { signal, input: archive });
  }
}
