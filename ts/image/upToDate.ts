import { isRcxError } from '../errors.ts';
import { hostPlatform, isFor } from '../oci/platform.ts';
import { canonicalReference, type Reference } from '../oci/reference.ts';
import { BlobStore } from '../store/blobs.ts';
import { ImageStore, type StoredImage } from '../store/images.ts';
import { LayerStore } from '../store/layers.ts';
import type { StorePaths } from '../store/paths.ts';
import { readManifest } from '../store/storedImage.ts';
import type { PullContext, PullOptions } from './pull.ts';

/**
 * The stored image of that name, if the registry says that the name still leads to it: one small request, which registries
 * that count pulls do not count.
 * @returns undefined where anything is missing or has changed: a pull then sees to it
 */
export async function upToDate(
  { paths, images, registry }: PullContext,
  reference: Reference,
  { platform, onEvent }: PullOptions,
  signal: AbortSignal,
): Promise<StoredImage | undefined> {
  if (registry.fetchDigest === undefined) return undefined;
  const image = storedImage(images ?? new ImageStore(paths), reference);
  if (image === undefined || !isFor(image.config, platform ?? hostPlatform())) return undefined;
  const answer = registry.fetchDigest(reference, { signal });
  // While the registry thinks; it does not matter any more then what its answer is, or that there is none.
  if (!isWhole(paths, image)) return void (await answer.catch(() => undefined));
  const source = await answer;
  if (source === undefined || !cameFrom(image, reference, source)) return undefined;
  onEvent?.({ type: 'manifest', digest: image.manifest.digest, source, layers: [] });
  return image;
}

/** The image of that name; one whose record is damaged is none yet: the pull mends it. */
export function storedImage(images: ImageStore, reference: Reference): StoredImage | undefined {
  try {
    return images.find(canonicalReference(reference));
  } catch (error) {
    if (isRcxError(error)) return undefined;
    throw error;
  }
}

/** Whether all blobs and layers of an image are in the store. */
export function isWhole(paths: StorePaths, { manifest, diffIds }: StoredImage): boolean {
  const [blobs, layers] = [new BlobStore(paths), new LayerStore(paths)];
  try {
    const parts = readManifest(blobs, manifest).layers;
    return parts.every(({ digest }) => blobs.has(digest)) && diffIds.every((diffId) => layers.has(diffId));
  } catch (error) {
    // Removed in this moment.
    if (isRcxError(error)) return false;
    throw error;
  }
}

function cameFrom(image: StoredImage, { registry, repository }: Reference, source: string): boolean {
  return image.repoDigests.includes(`${registry}/${repository}@${source}`);
}
