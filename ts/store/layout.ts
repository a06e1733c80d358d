import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { RcxError } from '../errors.ts';
import { OCI_INDEX } from '../oci/mediaTypes.ts';
import { parseManifest } from '../oci/parse.ts';
import type { Descriptor } from '../oci/types.ts';
import { writeFileAtomic } from './atomic.ts';
import { lockPath, withLock } from './lock.ts';
import { fileFailure, toRcxError } from './nativeError.ts';
import type { StorePaths } from './paths.ts';

const LAYOUT = '{"imageLayoutVersion":"1.0.0"}';

/**
 * `images/` as a whole: an OCI image layout (image-spec, image-layout.md) that other tools can read at any moment. Its
 * index is only ever replaced as a whole, by whoever holds its lock.
 */
export class ImageLayout {
  readonly #paths: StorePaths;

  constructor(paths: StorePaths) {
    this.#paths = paths;
  }

  /**
   * The entries of `index.json`; none if there is no store yet.
   * @throws ERR_RCX_STORE_DAMAGED
   */
  entries(): Descriptor[] {
    const path = this.#index();
    let bytes: Buffer;
    try {
      bytes = readFileSync(path);
    } catch (error) {
      if (toRcxError(error, 'ERR_RCX_STORE').errno === 'ENOENT') return [];
      throw toRcxError(error, 'ERR_RCX_STORE');
    }
    return readIndex(bytes, path);
  }

  /** Replaces the entries by what `change` makes of them, all others of its kind kept out meanwhile. */
  async update(change: (entries: readonly Descriptor[]) => Descriptor[]): Promise<void> {
    await this.#write(() => change(this.entries()));
  }

  /** Writes the whole layout anew, whatever its files hold. */
  async replace(manifests: readonly Descriptor[]): Promise<void> {
    await this.#write(() => {
      writeFileAtomic(this.#marker(), LAYOUT, { fsync: true });
      return manifests;
    });
  }

  async #write(entries: () => readonly Descriptor[]): Promise<void> {
    await withLock(lockPath(this.#paths, 'images'), () => {
      try {
        this.#replace(entries);
      } catch (error) {
        throw fileFailure('write the list of images', this.#index(), error);
      }
    });
  }

  #replace(entries: () => readonly Descriptor[]): void {
    mkdirSync(join(this.#paths.images, 'blobs', 'sha256'), { recursive: true });
    this.#collectWreckage();
    if (!existsSync(this.#marker())) writeFileAtomic(this.#marker(), LAYOUT, { fsync: true });
    const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries() };
    writeFileAtomic(this.#index(), `${JSON.stringify(index)}\n`, { fsync: true });
  }

  /** Under the lock nobody else is between writing a temporary file here and renaming it. */
  #collectWreckage(): void {
    for (const name of readdirSync(this.#paths.images)) {
      if (/^\.(index\.json|oci-layout)\.tmp-/.test(name)) rmSync(join(this.#paths.images, name), { force: true });
    }
  }

  #marker(): string {
    return join(this.#paths.images, 'oci-layout');
  }

  #index(): string {
    return join(this.#paths.images, 'index.json');
  }
}

function readIndex(bytes: Buffer, path: string): Descriptor[] {
  try {
    const parsed = parseManifest(bytes, OCI_INDEX);
    if (parsed.kind === 'index') return parsed.index.manifests;
    throw new Error('it is not an image index');
  } catch (cause) {
    throw new RcxError(`read the image store: ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      code: 'ERR_RCX_STORE_DAMAGED',
      step: 'read the image store',
      path,
      hint: 'make it anew from the images that there are with: rcx system check --repair',
      cause,
    });
  }
}
