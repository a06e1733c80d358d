import type { Engine } from '../../engine.ts';
import { isRcxError, type RcxError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { familiarName } from '../../oci/reference.ts';
import type { Descriptor } from '../../oci/types.ts';
import { BlobStore } from '../../store/blobs.ts';
import type { Tell } from './report.ts';
import type { Source } from './sources.ts';

/** A blob that an image needs. */
export interface Wanted {
  descriptor: Descriptor;
  /** Manifests are asked for in another way. */
  part: 'manifest' | 'config' | 'layer';
  image: string;
  sources: readonly Source[];
}

/** Fetches blobs again that are missing or damaged. */
export class BlobMender {
  readonly blobs: BlobStore;
  readonly #engine: Engine;
  readonly #damaged: Set<Digest>;
  readonly #given = new Set<Digest>();
  readonly #signal: AbortSignal;
  readonly #tell: Tell;

  /** @param damaged those that are not what their name says */
  constructor(engine: Engine, damaged: Iterable<Digest>, signal: AbortSignal, tell: Tell) {
    this.blobs = new BlobStore(engine.paths);
    this.#engine = engine;
    this.#damaged = new Set(damaged);
    this.#signal = signal;
    this.#tell = tell;
  }

  isWhole(digest: Digest): boolean {
    return this.blobs.has(digest) && !this.#damaged.has(digest);
  }

  /** Sees to it that a blob is there. @returns whether it is */
  async mend(wanted: Wanted): Promise<boolean> {
    const { descriptor, part, image, sources } = wanted;
    const { digest } = descriptor;
    if (this.isWhole(digest)) return true;
    // Other images may need it as well, and have it from elsewhere: only what the last one says counts.
    let failure: RcxError | undefined;
    for (const source of sources) {
      try {
        await this.#fetch(wanted, source);
        this.#damaged.delete(digest);
        this.#tell('repaired', `blob ${digest}: fetched again from ${familiarName(source)}, a ${part} of ${image}`);
        return true;
      } catch (error) {
        this.#signal.throwIfAborted();
        if (!isRcxError(error)) throw error;
        failure = error;
      }
    }
    const hint = failure?.hint === undefined ? '' : `; ${failure.hint}`;
    if (failure !== undefined) this.#tell('failed', `blob ${digest}: a ${part} of ${image}: ${failure.message}${hint}`);
    else this.#tell('lost', `blob ${digest}: a ${part} of ${image}, which came from no registry`);
    this.#given.add(digest);
    return false;
  }

  /** Removes what is damaged still: better a blob that is missing, which a pull fetches, than one that it trusts. */
  removeDamaged(): void {
    for (const digest of this.#damaged) {
      this.blobs.remove(digest);
      if (!this.#given.has(digest)) this.#tell('removed', `blob ${digest}: nothing needs it`);
    }
  }

  async #fetch({ descriptor, part }: Wanted, source: Source): Promise<void> {
    const registry = await this.#engine.registry();
    const reference = { ...source, digest: descriptor.digest };
    const options = { signal: this.#signal };
    if (part === 'manifest') {
      const { bytes } = await registry.fetchManifest(reference, options);
      await this.blobs.put(descriptor.digest, bytes);
    } else {
      await this.blobs.ingest(descriptor, registry.fetchBlob(reference, descriptor, options));
    }
  }
}
