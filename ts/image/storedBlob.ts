import { DEFAULT_LIMITS } from '../layer/limits.ts';
import type { LayerPool } from '../layer/pool.ts';
import { sinkOptions } from '../layer/privilege.ts';
import { native } from '../native/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { LayerStore, MadeLayer } from '../store/layers.ts';
import { madeLayer } from './madeLayer.ts';

/** A blob as a file, with its bytes. */
export interface BlobFile {
  path: string;
  size: number;
}

export interface UnpackContext {
  layers: LayerStore;
  pool: LayerPool;
  signal: AbortSignal;
}

/**
 * Makes the tree of a layer whose blob is a file, unless it is there.
 * @throws ERR_RCX_LAYER_INVALID, ERR_RCX_LAYER_WRITE, ERR_RCX_DIGEST_MISMATCH, ERR_RCX_ABORTED
 */
export async function unpackStoredBlob(context: UnpackContext, blob: BlobFile, diffId: Digest): Promise<void> {
  await context.layers.create(diffId, filler(context, blob, diffId), { signal: context.signal });
}

/** Makes it anew if it is there. @throws as {@link unpackStoredBlob} */
export async function unpackAgain(context: UnpackContext, blob: BlobFile, diffId: Digest): Promise<void> {
  await context.layers.replace(diffId, filler(context, blob, diffId), { signal: context.signal });
}

function filler({ pool, signal }: UnpackContext, blob: BlobFile, diffId: Digest) {
  return async (directory: string): Promise<MadeLayer> => {
    const feed = native().LayerFeed.open(blob.path, blob.size);
    feed.stored();
    const request = { diffId, directory, sink: sinkOptions(), limits: DEFAULT_LIMITS };
    return madeLayer(await pool.unpack(request, feed, { signal }));
  };
}
