import { DEFAULT_LIMITS } from '../layer/limits.ts';
import type { LayerPool } from '../layer/pool.ts';
import { sinkOptions } from '../layer/privilege.ts';
import { native } from '../native/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { LayerStore } from '../store/layers.ts';
import { madeLayer } from './madeLayer.ts';

export interface UnpackContext {
  layers: LayerStore;
  pool: LayerPool;
  signal: AbortSignal;
}

/**
 * Makes the tree of a layer whose blob is a file, unless it is there.
 * @param blob the file and its bytes
 * @throws ERR_RCX_LAYER_INVALID, ERR_RCX_LAYER_WRITE, ERR_RCX_DIGEST_MISMATCH, ERR_RCX_ABORTED
 */
export async function unpackStoredBlob(
  { layers, pool, signal }: UnpackContext,
  blob: { path: string; size: number },
  diffId: Digest,
): Promise<void> {
  const fill = async (directory: string) => {
    const feed = native().LayerFeed.open(blob.path, blob.size);
    feed.stored();
    const request = { diffId, directory, sink: sinkOptions(), limits: DEFAULT_LIMITS };
    return madeLayer(await pool.unpack(request, feed, { signal }));
  };
  await layers.create(diffId, fill, { signal });
}
