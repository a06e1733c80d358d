import { mkdirSync } from 'node:fs';
import { isRcxError } from '../errors.ts';
import { layerFailure } from '../layer/errors.ts';
import type { LayerLimits } from '../layer/limits.ts';
import type { LayerPool } from '../layer/pool.ts';
import type { LayerFeed, LayerSinkOptions } from '../native/index.ts';
import { native } from '../native/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reference } from '../oci/reference.ts';
import type { Descriptor } from '../oci/types.ts';
import { removeTree } from '../rootless/namespace.ts';
import type { BlobStore } from '../store/blobs.ts';
import type { LayerStore, MadeLayer } from '../store/layers.ts';
import type { PullEvent } from './events.ts';
import { LayerReporter } from './layerReporter.ts';
import { madeLayer } from './madeLayer.ts';
import { receive } from './receive.ts';
import type { ImageSource } from './source.ts';

/** What all layers of one pull share. */
export interface LayerContext {
  blobs: BlobStore;
  layers: LayerStore;
  pool: LayerPool;
  source: ImageSource;
  reference: Reference;
  signal: AbortSignal;
  sink: LayerSinkOptions;
  limits: LayerLimits;
  /** Runs a download when its turn has come. */
  takeTurn<T>(body: () => Promise<T>): Promise<T>;
  onEvent(event: PullEvent): void;
}

/** Brings one layer, blob and tree, into the store; whatever of it is there already is used. */
export async function pullLayer(context: LayerContext, blob: Descriptor, diffId: Digest): Promise<void> {
  const { layers, blobs, signal } = context;
  const reporter = new LayerReporter(blob, context.onEvent);
  if (layers.has(diffId) && blobs.has(blob.digest)) return reporter.exists();
  reporter.waiting();
  const task = new LayerTask(context, blob, diffId, reporter);
  await layers.create(diffId, (directory) => task.fill(directory), { signal });
  // The same tree may have come from another blob, compressed in another way; the image's own is still needed.
  if (!blobs.has(blob.digest)) await task.downloadOnly();
  reporter.complete();
}

/** One layer that is being made. */
class LayerTask {
  readonly #context: LayerContext;
  readonly #blob: Descriptor;
  readonly #diffId: Digest;
  readonly #reporter: LayerReporter;

  constructor(context: LayerContext, blob: Descriptor, diffId: Digest, reporter: LayerReporter) {
    this.#context = context;
    this.#blob = blob;
    this.#diffId = diffId;
    this.#reporter = reporter;
  }

  /** Unpacks the layer into an empty directory, from the blob if it is in the store. */
  async fill(directory: string): Promise<MadeLayer> {
    const { blobs, source, signal } = this.#context;
    if (!blobs.has(this.#blob.digest)) {
      const file = source.blobFile?.(this.#blob);
      return await (file === undefined ? this.#downloadAndUnpack(directory) : this.#takeAndUnpack(directory, file));
    }
    try {
      return await this.#unpackFile(directory, blobs.path(this.#blob.digest));
    } catch (error) {
      if (signal.aborted || (await blobs.isWhole(this.#blob))) throw error;
      // A power cut may leave a blob that is not what its name says.
      blobs.remove(this.#blob.digest);
      return await this.#downloadAndUnpack(directory);
    }
  }

  async downloadOnly(): Promise<void> {
    const { blobs, source, signal, takeTurn } = this.#context;
    const file = source.blobFile?.(this.#blob);
    if (file !== undefined) return blobs.link(this.#blob.digest, file);
    const ingest = (onResume: () => void) => blobs.ingest(this.#blob, this.#receive(signal, onResume));
    await takeTurn(() => receive(this.#blob, ingest));
  }

  async #downloadAndUnpack(directory: string): Promise<MadeLayer> {
    return await receive(this.#blob, async (onResume) => {
      await removeTree(directory);
      mkdirSync(directory, { mode: 0o755 });
      return await this.#downloadAndUnpackOnce(directory, onResume);
    });
  }

  /** The file is the blob: it is not copied, and is in the store when the layer turned out to be right. */
  async #takeAndUnpack(directory: string, file: string): Promise<MadeLayer> {
    const made = await this.#unpackFile(directory, file);
    this.#context.blobs.link(this.#blob.digest, file);
    return made;
  }

  async #unpackFile(directory: string, file: string): Promise<MadeLayer> {
    this.#reporter.downloaded();
    const feed = this.#feed(file);
    feed.stored();
    return await this.#unpack(directory, feed, this.#context.signal);
  }

  /** Both at the same time; nothing is kept unless both end well, and the first failure stops the other. */
  async #downloadAndUnpackOnce(directory: string, onResume: () => void): Promise<MadeLayer> {
    const writer = this.#context.blobs.writer();
    const failure = new AbortController();
    const signal = AbortSignal.any([this.#context.signal, failure.signal]);
    const feed = this.#feed(writer.path);
    let wanted = true;
    const download = async () => {
      for await (const chunk of this.#receive(signal, onResume)) {
        if (!wanted) continue;
        writer.write(chunk);
        feed.push(chunk);
      }
      this.#reporter.downloaded();
    };
    try {
      const downloading = this.#context.takeTurn(download);
      const unpacking = this.#unpack(directory, feed, signal).catch(async (error: unknown) => {
        // What breaks the rules of archives may be what was damaged on its way: the rest of the download tells.
        wanted = false;
        if (isAboutContent(error)) await downloading;
        throw error;
      });
      await Promise.allSettled([unpacking, downloading].map((task) => task.catch((error) => failure.abort(error))));
      signal.throwIfAborted();
      writer.commit(this.#blob.digest);
      return await unpacking;
    } finally {
      await writer.dispose();
    }
  }

  async *#receive(signal: AbortSignal, onResume: () => void): AsyncGenerator<Buffer> {
    signal.throwIfAborted();
    this.#reporter.restarted();
    const { source, reference } = this.#context;
    for await (const chunk of source.fetchBlob(reference, this.#blob, { signal, onResume })) {
      this.#reporter.received(chunk.byteLength);
      yield chunk;
    }
  }

  #feed(path: string): LayerFeed {
    return native().LayerFeed.open(path, this.#blob.size);
  }

  async #unpack(directory: string, feed: LayerFeed, signal: AbortSignal): Promise<MadeLayer> {
    const { pool, sink, limits } = this.#context;
    const request = { diffId: this.#diffId, directory, sink, limits };
    try {
      const onProgress = (bytes: number) => this.#reporter.unpacked(bytes);
      return madeLayer(await pool.unpack(request, feed, { signal, onProgress }));
    } catch (error) {
      throw signal.aborted || isRcxError(error, 'ERR_RCX_ABORTED') ? error : layerFailure(this.#blob.digest, error);
    }
  }
}

/** Unlike a failure of the disk. */
function isAboutContent(error: unknown): boolean {
  return isRcxError(error, 'ERR_RCX_LAYER_INVALID') || isRcxError(error, 'ERR_RCX_DIGEST_MISMATCH');
}
