import type { Engine } from '../engine.ts';
import type { Digest } from '../oci/digest.ts';
import { BlobStore } from '../store/blobs.ts';
import type { StoredImage } from '../store/images.ts';
import { readManifest } from '../store/storedImage.ts';

/** What an image is made of. */
export interface Content {
  /** Manifest, config and compressed layers. */
  blobs: Digest[];
  /** Unpacked layers. */
  diffIds: Digest[];
}

/**
 * Removes the blobs and layers of an image that is no longer in the index, but for those that another image or a container
 * uses. To be called by whoever holds the content lock alone. A crash leaves content that nothing refers to, which does no
 * harm and is taken up by the next pull of the image.
 * @returns ID of the image and diff IDs of the layers that were removed
 */
export async function removeContent(engine: Engine, image: StoredImage): Promise<Digest[]> {
  const layers = await removeUnused(engine, contentOf(new BlobStore(engine.paths), image));
  // Docker names the layers from the top down.
  return [image.id, ...layers.reverse()];
}

/**
 * Removes those of these blobs and layers that neither an image nor a container uses. To be called by whoever holds the content
 * lock alone.
 * @returns the layers that were removed, in their order
 */
export async function removeUnused(engine: Engine, content: Content): Promise<Digest[]> {
  const blobs = new BlobStore(engine.paths);
  const used = usedContent(engine, blobs);
  const layers = content.diffIds.filter((diffId) => !used.has(diffId) && engine.layers.has(diffId));
  for (const diffId of layers) await engine.layers.remove(diffId);
  for (const digest of content.blobs) if (!used.has(digest)) blobs.remove(digest);
  return layers;
}

function usedContent(engine: Engine, blobs: BlobStore): Set<Digest> {
  const images = engine.images.list().map((image) => contentOf(blobs, image));
  const containers = engine.containers.list().flatMap(({ config }) => config.diffIds);
  return new Set([...images.flatMap((content) => [...content.blobs, ...content.diffIds]), ...containers]);
}

function contentOf(blobs: BlobStore, { id, manifest, diffIds }: StoredImage): Content {
  const layers = readManifest(blobs, manifest).layers.map(({ digest }) => digest);
  return { blobs: [manifest.digest, id, ...layers], diffIds };
}
