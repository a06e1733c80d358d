import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { LayerPool } from '../layer/pool.ts';
import { native } from '../native/index.ts';
import type { Digest } from '../oci/digest.ts';
import { DOCKER_LAYER, DOCKER_LAYER_GZIP, layerCompression, OCI_LAYER_GZIP } from '../oci/mediaTypes.ts';
import type { Descriptor, ImageManifest } from '../oci/types.ts';
import { BlobStore } from '../store/blobs.ts';
import type { Content } from '../store/content.ts';
import type { StoredImage } from '../store/images.ts';
import { readManifest } from '../store/storedImage.ts';
import { documentOf } from './newImage.ts';

export interface CompressOptions {
  signal: AbortSignal;
  /** Called when a layer's turn has come. */
  onLayer(diffId: Digest): void;
  /** Is told what the image does not refer to: first what was made, and then what was there before. */
  unused: Content;
}

/**
 * Compresses the layers of an image that are stored as plain archives, as those of `image from-host` and of archives that
 * docker saved, and has the image refer to these from now on. Its config, hence its ID, stays. To be called by whoever holds
 * the content lock.
 * @throws ERR_RCX_DIGEST_MISMATCH for a layer that is damaged, ERR_RCX_LAYER_READ, ERR_RCX_STORE, ERR_RCX_ABORTED
 */
export async function compressLayers(
  engine: Engine,
  image: StoredImage,
  { signal, onLayer, unused }: CompressOptions,
): Promise<StoredImage> {
  const blobs = new BlobStore(engine.paths);
  const manifest = readManifest(blobs, image.manifest);
  const isPlain = ({ mediaType, urls }: Descriptor) => layerCompression(mediaType) === 'none' && urls === undefined;
  if (!manifest.layers.some(isPlain)) return image;
  const pool = new LayerPool();
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  try {
    const compress = async (layer: Descriptor, index: number): Promise<Descriptor> => {
      if (!isPlain(layer)) return layer;
      const diffId = image.diffIds[index] as Digest;
      onLayer(diffId);
      const compressed = await compressOne(blobs, pool, { layer, diffId }, either);
      unused.blobs.push(compressed.digest);
      return compressed;
    };
    const tasks = manifest.layers.map(compress);
    await Promise.allSettled(tasks.map((task) => task.catch((error: unknown) => failure.abort(error))));
    either.throwIfAborted();
    const layers = await Promise.all(tasks);
    const stored = await replaceManifest(engine, blobs, image, { ...manifest, layers }, unused);
    unused.blobs = [image.manifest.digest, ...manifest.layers.filter(isPlain).map(({ digest }) => digest)];
    return stored;
  } finally {
    await pool.close();
  }
}

async function compressOne(
  blobs: BlobStore,
  pool: LayerPool,
  { layer, diffId }: { layer: Descriptor; diffId: Digest },
  signal: AbortSignal,
): Promise<Descriptor> {
  const writer = blobs.writer();
  try {
    const feed = native().LayerFeed.open(blobs.path(layer.digest), layer.size);
    feed.stored();
    const { digest, size, diffId: actual } = await pool.recompress({ file: writer.path }, feed, { signal });
    // Compressed it would be whole again, and nobody could tell that it is not what it was.
    if (actual !== diffId) throw damaged(layer, blobs);
    writer.commit(digest);
    const mediaType = layer.mediaType === DOCKER_LAYER ? DOCKER_LAYER_GZIP : OCI_LAYER_GZIP;
    return { ...layer, mediaType, digest, size };
  } finally {
    await writer.dispose();
  }
}

function damaged({ digest }: Descriptor, blobs: BlobStore): RcxError {
  return new RcxError(`compress layer ${digest}: ${blobs.path(digest)}: it is damaged`, {
    code: 'ERR_RCX_DIGEST_MISMATCH',
    step: 'compress layer',
    path: blobs.path(digest),
    hint: 'make or pull the image again.',
  });
}

async function replaceManifest(
  { images }: Engine,
  blobs: BlobStore,
  image: StoredImage,
  manifest: ImageManifest,
  unused: Content,
): Promise<StoredImage> {
  const { descriptor, bytes } = documentOf(image.manifest.mediaType, manifest);
  unused.blobs.push(descriptor.digest);
  await blobs.put(descriptor.digest, bytes);
  await images.replaceManifest(image.manifest.digest, descriptor);
  return { ...image, manifest: descriptor };
}
