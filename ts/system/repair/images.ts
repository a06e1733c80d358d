import type { Engine } from '../../engine.ts';
import { isRcxError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { parseImageConfig } from '../../oci/parse.ts';
import type { Descriptor, ImageManifest } from '../../oci/types.ts';
import type { Problem } from '../../store/check/findings.ts';
import { imagesOf } from '../../store/check/images.ts';
import { ImageLayout } from '../../store/layout.ts';
import { readManifest } from '../../store/storedImage.ts';
import { BlobMender } from './blobs.ts';
import { LayerMender } from './layers.ts';
import type { Tell } from './report.ts';
import { sourcesOf } from './sources.ts';

/** What a repair of images works with. */
export interface ImageRepair {
  engine: Engine;
  problems: readonly Problem[];
  signal: AbortSignal;
  tell: Tell;
}

/**
 * Mends images: blobs are fetched again from where they came from, trees are made again from their blobs. An image that is none
 * any more, its manifest or config being lost, is dropped from the index. To be called by whoever holds the content lock alone.
 * @throws ERR_RCX_STORE, ERR_RCX_REMOVE, and the signal's reason
 */
export async function repairImages(repair: ImageRepair): Promise<void> {
  const { engine, problems, signal, tell } = repair;
  const damaged = problems.flatMap((each) => (each.kind === 'blob' && !each.missing ? each.digest : []));
  const blobs = new BlobMender(engine, damaged, signal, tell);
  const layers = new LayerMender(engine, blobs, problems, signal, tell);
  const entries = new ImageLayout(engine.paths).entries();
  try {
    for (const { entry, name: image } of imagesOf(entries)) {
      const lost = await new ImageMender(engine, blobs, layers, entries).mend(entry, image, repair);
      if (lost === undefined) continue;
      await engine.images.drop([entry.digest]);
      tell('dropped', `image ${image}: taken out of the index: ${lost}; pull or make it again`);
    }
    await layers.finish();
  } finally {
    await layers.close();
  }
  blobs.removeDamaged();
}

class ImageMender {
  readonly #engine: Engine;
  readonly #blobs: BlobMender;
  readonly #layers: LayerMender;
  readonly #entries: readonly Descriptor[];

  constructor(engine: Engine, blobs: BlobMender, layers: LayerMender, entries: readonly Descriptor[]) {
    this.#engine = engine;
    this.#blobs = blobs;
    this.#layers = layers;
    this.#entries = entries;
  }

  /** @returns why nothing can be done for the image, ever */
  async mend(entry: Descriptor, image: string, { problems }: ImageRepair): Promise<string | undefined> {
    if (problems.some((each) => each.kind === 'image' && each.manifest === entry.digest))
      return 'it contradicts itself';
    const sources = sourcesOf(this.#engine, this.#entries, entry.digest, this.#idOf(entry));
    const found = await this.#documents(entry, { image, sources });
    if (found === undefined) return sources.length === 0 ? 'what it is made of is lost' : undefined;
    for (const descriptor of found.manifest.layers) {
      await this.#blobs.mend({ descriptor, part: 'layer', image, sources });
    }
    for (const [at, blob] of found.manifest.layers.entries()) {
      const diffId = found.diffIds[at];
      if (diffId !== undefined) await this.#layers.mend(diffId, blob);
    }
    return undefined;
  }

  async #documents(entry: Descriptor, whose: Pick<Parameters<BlobMender['mend']>[0], 'image' | 'sources'>) {
    if (!(await this.#blobs.mend({ descriptor: entry, part: 'manifest', ...whose }))) return undefined;
    const manifest: ImageManifest = readManifest(this.#blobs.blobs, entry);
    if (!(await this.#blobs.mend({ descriptor: manifest.config, part: 'config', ...whose }))) return undefined;
    const { rootfs } = this.#blobs.blobs.document(manifest.config.digest, parseImageConfig);
    return { manifest, diffIds: rootfs.diff_ids };
  }

  #idOf(entry: Descriptor): Digest | undefined {
    if (!this.#blobs.isWhole(entry.digest)) return undefined;
    try {
      return readManifest(this.#blobs.blobs, entry).config.digest;
    } catch (error) {
      if (isRcxError(error)) return undefined;
      throw error;
    }
  }
}
