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
  { paths, registry }: PullContext,
  reference: Reference,
  { platform, onEvent }: PullOptions,
  signal: AbortSignal,
): Promise<StoredImage | undefined> {
  if (registry.fetchDigest === undefined) return undefined;
  const image = stored(paths, reference);
  if (image === undefined || !isFor(image.config, platform ?? hostPlatform()) || !isWhole(paths, image))
    return undefined;
  const source = await registry.fetchDigest(reference, { signal });
  if (source === undefined || !cameFrom(image, reference, source)) return undefined;
  onEvent?.({ type: 'manifest', digest: image.manifest.digest, source, layers: [] });
  return image;
}

function stored(paths: StorePaths, reference: Reference): StoredImage | undefined {
  try {
    return new ImageStore(paths).find(canonicalReference(reference));
  } catch (error) {
    // Not there, or damaged.
    if (isRcxError(error)) return undefined;
    throw error;
  }
}

function isWhole(paths: StorePaths, { manifest, diffIds }: StoredImage): boolean {
  const [blobs, layers] = [new BlobStore(paths), new LayerStore(paths)];
  return (
    readManifest(blobs, manifest).layers.every(({ digest }) => blobs.has(digest)) &&
    diffIds.every((diffId) => layers.has(diffId))
  );
}

function cameFrom(image: StoredImage, { registry, repository }: Reference, source: string): boolean {
  return image.repoDigests.includes(`${registry}/${repository}@${source}`);
}
