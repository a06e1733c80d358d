import { createHash } from 'node:crypto';
import {
  closeSync,
  createReadStream,
  existsSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { isRcxError, RcxError } from '../errors.ts';
import { algorithmOf, type Digest, DigestVerifier, hexOf } from '../oci/digest.ts';
import type { Descriptor } from '../oci/types.ts';
import { fileFailure, toRcxError } from './nativeError.ts';
import type { StorePaths } from './paths.ts';
import { type Temporary, temporaryFile } from './temporary.ts';

/** Larger than Node's own: each piece is a read on another thread. */
const STREAM_PIECE = 1024 * 1024;
/** Manifests and configs kept in memory: a few kilobytes each. */
const MOST_DOCUMENTS = 128;

/** The `blobs` directory of the image layout: content under its own digest, never changed once it is there. */
export class BlobStore {
  readonly #images: string;
  readonly #documents = new Map<Digest, unknown>();

  constructor(paths: StorePaths) {
    this.#images = paths.images;
  }

  has(digest: Digest): boolean {
    return existsSync(this.path(digest));
  }

  /** Where the blob is, or would be. */
  path(digest: Digest): string {
    return join(this.#images, 'blobs', algorithmOf(digest), hexOf(digest));
  }

  /**
   * A small document, parsed once: what a digest names never changes. The result is shared and must not be changed.
   * @throws ERR_RCX_BLOB_NOT_FOUND, and whatever `parse` throws
   */
  document<T>(digest: Digest, parse: (bytes: Buffer) => T): T {
    const known = this.#documents.get(digest);
    if (known !== undefined) return known as T;
    const parsed = parse(this.read(digest));
    if (this.#documents.size >= MOST_DOCUMENTS) this.#documents.clear();
    this.#documents.set(digest, parsed);
    return parsed;
  }

  /**
   * The whole of a small blob.
   * @throws ERR_RCX_BLOB_NOT_FOUND
   */
  read(digest: Digest): Buffer {
    try {
      return readFileSync(this.path(digest));
    } catch (cause) {
      throw this.#notFound(digest, cause);
    }
  }

  /**
   * Pieces of a blob, from byte `start` up to but not including `end`.
   * @throws ERR_RCX_BLOB_NOT_FOUND, ERR_RCX_SIZE_MISMATCH for one that is shorter
   */
  stream(digest: Digest, start: number, end: number): AsyncIterable<Buffer> {
    const size = statSync(this.path(digest), { throwIfNoEntry: false })?.size;
    if (size === undefined) throw this.#notFound(digest, undefined);
    if (size < end) throw this.#tooShort(digest, size);
    return createReadStream(this.path(digest), { start, end: end - 1, highWaterMark: STREAM_PIECE });
  }

  #notFound(digest: Digest, cause: unknown): RcxError {
    return new RcxError(`read blob ${digest}: ${this.path(digest)}: not in the store`, {
      code: 'ERR_RCX_BLOB_NOT_FOUND',
      step: 'read blob',
      path: this.path(digest),
      errno: toRcxError(cause, 'ERR_RCX_STORE').errno,
      hint: 'pull the image again',
      cause,
    });
  }

  #tooShort(digest: Digest, size: number): RcxError {
    return new RcxError(`read blob ${digest}: ${this.path(digest)}: it is damaged: it has ${size} bytes`, {
      code: 'ERR_RCX_SIZE_MISMATCH',
      step: 'read blob',
      path: this.path(digest),
      hint: 'pull or make the image again',
    });
  }

  /** The whole of a small blob if it is there and is what its name says: a power cut may have damaged it. */
  readIfWhole({ digest, size }: Pick<Descriptor, 'digest' | 'size'>): Buffer | undefined {
    if (!this.has(digest)) return undefined;
    const bytes = this.read(digest);
    const actual = createHash(algorithmOf(digest)).update(bytes).digest('hex');
    return bytes.length === size && actual === hexOf(digest) ? bytes : undefined;
  }

  /**
   * Stores a stream, which becomes visible only whole and verified.
   * @throws ERR_RCX_DIGEST_MISMATCH, ERR_RCX_SIZE_MISMATCH, ERR_RCX_STORE
   */
  async ingest(descriptor: Pick<Descriptor, 'digest' | 'size'>, chunks: AsyncIterable<Uint8Array>): Promise<void> {
    const writer = this.writer();
    const verifier = new DigestVerifier(descriptor.digest, descriptor.size);
    try {
      for await (const chunk of chunks) {
        verifier.update(chunk);
        writer.write(chunk);
      }
      verifier.finish();
      writer.commit(descriptor.digest);
    } finally {
      await writer.dispose();
    }
  }

  /** Reads a stored blob again and tells whether it still is what its name says. */
  async isWhole(descriptor: Pick<Descriptor, 'digest' | 'size'>): Promise<boolean> {
    const verifier = new DigestVerifier(descriptor.digest, descriptor.size);
    try {
      for await (const chunk of createReadStream(this.path(descriptor.digest))) verifier.update(chunk as Buffer);
      verifier.finish();
      return true;
    } catch (error) {
      if (isRcxError(error, 'ERR_RCX_DIGEST_MISMATCH') || isRcxError(error, 'ERR_RCX_SIZE_MISMATCH')) return false;
      throw toRcxError(error, 'ERR_RCX_STORE');
    }
  }

  /**
   * Stores a small blob whose digest the caller has just computed or verified; it is on the disk when this returns, so that
   * the index never names a document that a power cut took.
   */
  async put(digest: Digest, bytes: Uint8Array): Promise<void> {
    if (this.readIfWhole({ digest, size: bytes.byteLength }) !== undefined) return;
    const writer = this.writer();
    try {
      writer.write(bytes);
      writer.sync();
      writer.commit(digest);
    } finally {
      await writer.dispose();
    }
  }

  /**
   * Makes a file of the store's own file system a blob, of which the caller has verified size and digest. The file stays where it is, too.
   * @throws ERR_RCX_STORE
   */
  link(digest: Digest, file: string): void {
    const target = this.path(digest);
    try {
      mkdirSync(dirname(target), { recursive: true });
      linkSync(file, target);
    } catch (error) {
      const cause = toRcxError(error, 'ERR_RCX_STORE');
      // Somebody else was faster with the same content.
      if (cause.errno !== 'EEXIST') throw cause;
    }
  }

  /** A blob in the making; the caller verifies the content before it calls {@link BlobWriter.commit}. */
  writer(): BlobWriter {
    return new BlobWriter(temporaryFile(this.#images), (digest) => this.path(digest));
  }

  /** Removes a blob that nothing refers to, or one that turned out to be damaged. */
  remove(digest: Digest): void {
    rmSync(this.path(digest), { force: true });
  }
}

const STEP = 'write a blob';

/** Appends to a temporary file that becomes a blob by one rename. */
export class BlobWriter {
  readonly #temporary: Temporary;
  readonly #pathOf: (digest: Digest) => string;
  readonly #fd: number;
  #open = true;

  constructor(temporary: Temporary, pathOf: (digest: Digest) => string) {
    this.#temporary = temporary;
    this.#pathOf = pathOf;
    this.#fd = openSync(temporary.path, 'r+');
  }

  /** The temporary file: others may read what was written so far, or write to it instead. */
  get path(): string {
    return this.#temporary.path;
  }

  write(chunk: Uint8Array): void {
    try {
      for (let offset = 0; offset < chunk.byteLength; ) offset += writeSync(this.#fd, chunk, offset);
    } catch (error) {
      throw fileFailure(STEP, this.path, error);
    }
  }

  /** Waits until what was written is on the disk. */
  sync(): void {
    try {
      fsyncSync(this.#fd);
    } catch (error) {
      throw fileFailure(STEP, this.path, error);
    }
  }

  /** Makes it the blob of that digest. */
  commit(digest: Digest): void {
    this.#close();
    const target = this.#pathOf(digest);
    try {
      mkdirSync(dirname(target), { recursive: true });
      renameSync(this.#temporary.path, target);
    } catch (error) {
      throw fileFailure(STEP, this.path, error);
    }
  }

  /** Must be called in any case; without {@link commit} nothing remains. */
  async dispose(): Promise<void> {
    this.#close();
    await this.#temporary.dispose();
  }

  #close(): void {
    if (this.#open) closeSync(this.#fd);
    this.#open = false;
  }
}
