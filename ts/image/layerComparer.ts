import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { CompareResult } from '../layer/compareTrees.ts';
import { DEFAULT_LIMITS } from '../layer/limits.ts';
import { LayerPool } from '../layer/pool.ts';
import { sinkOptions } from '../layer/privilege.ts';
import { native } from '../native/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { Descriptor } from '../oci/types.ts';
import { BlobStore } from '../store/blobs.ts';
import { LayerStore } from '../store/layers.ts';
import type { StorePaths } from '../store/paths.ts';
import { temporaryDirectory } from '../store/temporary.ts';

/**
 * Compares layers' trees with their blobs: a blob is unpacked once more beside the tree, as a pull would, and then the two trees
 * are the same or not. So there is no second opinion on what an archive means, and whatever this file system or this user cannot
 * keep of it is missing in both.
 */
export class LayerComparer {
  readonly #paths: StorePaths;
  readonly #signal: AbortSignal;
  readonly #pool = new LayerPool();

  constructor(paths: StorePaths, signal: AbortSignal) {
    this.#paths = paths;
    this.#signal = signal;
  }

  /**
   * @param blob whole, as it is in the store
   * @throws ERR_RCX_LAYER_INVALID, ERR_RCX_DIGEST_MISMATCH for a blob of another layer, ERR_RCX_LAYER_WRITE,
   * ERR_RCX_LAYER_READ, and the signal's reason
   */
  async compare(diffId: Digest, blob: Descriptor): Promise<CompareResult> {
    const signal = this.#signal;
    const temporary = temporaryDirectory(this.#paths.layers);
    try {
      const directory = join(temporary.path, 'diff');
      mkdirSync(directory, { mode: 0o755 });
      const feed = native().LayerFeed.open(new BlobStore(this.#paths).path(blob.digest), blob.size);
      feed.stored();
      await this.#pool.unpack({ diffId, directory, sink: sinkOptions(), limits: DEFAULT_LIMITS }, feed, { signal });
      const actual = new LayerStore(this.#paths).path(diffId);
      return await this.#pool.compare({ directory: actual, expected: directory }, { signal });
    } finally {
      await temporary.dispose();
    }
  }

  async close(): Promise<void> {
    await this.#pool.close();
  }
}
