import type { ContainerConfig } from '../container/record.ts';
import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import type { Descriptor } from '../oci/types.ts';
import { BlobStore } from '../store/blobs.ts';
import { contentOf } from '../store/content.ts';
import type { InUse, Unreadable } from '../store/gc.ts';
import { ImageLayout } from '../store/layout.ts';
import { factsOf } from '../store/storedImage.ts';

/**
 * What images, with a name or without, and containers need: the one place that decides it. To be asked by whoever holds the
 * content lock alone, as a pull or the making of a container relies on what nothing refers to yet.
 */
export function findInUse({ paths, containers }: Pick<Engine, 'paths' | 'containers'>): InUse {
  const blobs = new BlobStore(paths);
  const [usedBlobs, usedLayers] = [new Set<Digest>(), new Set<Digest>()];
  const unreadable: Unreadable[] = [];
  for (const entry of new ImageLayout(paths).entries()) {
    try {
      const content = contentOf(blobs, entry);
      for (const digest of content.blobs) usedBlobs.add(digest);
      for (const diffId of content.diffIds) usedLayers.add(diffId);
    } catch (error) {
      if (!isRcxError(error)) throw error;
      unreadable.push({ what: 'image', name: nameOf(entry), why: error.message });
    }
  }
  for (const { id, config, damage } of containers.configs()) {
    for (const diffId of config === undefined ? [] : layersOf(config)) usedLayers.add(diffId);
    if (damage !== undefined) unreadable.push({ what: 'container', name: id, why: damage.message });
  }
  return { blobs: usedBlobs, diffIds: usedLayers, unreadable };
}

/** Layers that a container needs: those of its image, and of images that are mounted in it. */
export function layersOf({ diffIds, mountedImages = [] }: ContainerConfig): Digest[] {
  return [...diffIds, ...mountedImages.flatMap((image) => image.diffIds)];
}

/** IDs of the images that containers were made from, or have mounted. */
export function imagesOfContainers({ containers }: Pick<Engine, 'containers'>): Set<Digest> {
  return new Set(
    containers.configs().flatMap(({ config }) => {
      const mounted = (config?.mountedImages ?? []).map(({ imageId }) => imageId);
      return config?.imageId === undefined ? mounted : [config.imageId, ...mounted];
    }),
  );
}

function nameOf(entry: Descriptor): string {
  return factsOf(entry).reference ?? entry.digest;
}
