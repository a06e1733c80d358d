import type { Engine } from '../../engine.ts';
import { BlobStore } from '../../store/blobs.ts';
import type { Content } from '../../store/content.ts';
import { giveBack } from '../giveBack.ts';
import type { ArchiveImage } from './read/archiveImage.ts';

/**
 * What a load may leave of an image when it fails: layers that were right, which nothing refers to. A pull keeps them for the
 * next one; an archive that is bad stays bad.
 */
export class Traces {
  readonly #engine: Engine;
  readonly #missing: Content;

  /** Remembers what of the image is not in the store yet. */
  constructor(engine: Engine, { manifest, diffIds }: ArchiveImage) {
    const blobs = new BlobStore(engine.paths);
    this.#engine = engine;
    this.#missing = {
      blobs: [manifest.config, ...manifest.layers].map(({ digest }) => digest).filter((digest) => !blobs.has(digest)),
      diffIds: diffIds.filter((diffId) => !engine.layers.has(diffId)),
    };
  }

  /** Removes it again, unless somebody is at work who may have come to rely on it. */
  async remove(): Promise<void> {
    await giveBack(this.#engine, this.#missing);
  }
}
