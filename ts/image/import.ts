import type { Engine } from '../engine.ts';
import { isRcxError, RcxError } from '../errors.ts';
import { imageEvent } from '../events/append.ts';
import { LayerPool } from '../layer/pool.ts';
import { native } from '../native/index.ts';
import { applyChanges } from '../oci/instructions/changes.ts';
import { OCI_LAYER_GZIP } from '../oci/mediaTypes.ts';
import { hostPlatform } from '../oci/platform.ts';
import type { Reference } from '../oci/reference.ts';
import type { Descriptor, ImageConfig, Platform } from '../oci/types.ts';
import { BlobStore, type BlobWriter } from '../store/blobs.ts';
import type { Content } from '../store/content.ts';
import type { StoredImage } from '../store/images.ts';
import { withContentLock } from '../store/lock.ts';
import { compressionOf, MAGIC_LENGTH } from './archive/read/compression.ts';
import { giveBack } from './giveBack.ts';
import { addImage } from './newImage.ts';
import { unpackStoredBlob } from './storedBlob.ts';

export interface ImportOptions {
  /** Name of the image; without one it has only its ID. */
  reference?: Reference | undefined;
  /** Instructions as in a Dockerfile, `ENV A=b`, `CMD ["sh"]`. */
  changes?: readonly string[] | undefined;
  message?: string | undefined;
  platform?: Platform | undefined;
  /** Seconds since 1970 that the image is dated to, instead of now. */
  epoch?: number | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * Makes a one-layer image of a root file system's archive, compressed by gzip or zstd or not at all.
 * @throws ERR_RCX_INVALID_CHANGE, ERR_RCX_LAYER_INVALID, ERR_RCX_LAYER_WRITE, ERR_RCX_STORE, ERR_RCX_ABORTED
 */
export async function importImage(
  engine: Engine,
  archive: AsyncIterable<Buffer>,
  options: ImportOptions = {},
): Promise<StoredImage> {
  await engine.enter();
  const { changes = [], signal = new AbortController().signal } = options;
  const execution = applyChanges({}, changes);
  const made: Content = { blobs: [], diffIds: [] };
  const run = async () => {
    const { descriptor, diffId } = await addLayer(engine, archive, signal, made);
    const created = new Date(options.epoch === undefined ? Date.now() : options.epoch * 1000).toISOString();
    const config: ImageConfig = {
      created,
      ...(options.platform ?? hostPlatform()),
      ...(changes.length > 0 && { config: execution }),
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created, ...(options.message !== undefined && { comment: options.message }) }],
    };
    return await addImage(engine.paths, config, [descriptor], options.reference, made);
  };
  try {
    const image = await withContentLock(engine.paths, run, { shared: true, signal });
    imageEvent(engine.paths, image.id, 'import');
    return image;
  } catch (error) {
    await giveBack(engine, made);
    throw error;
  }
}

async function addLayer(engine: Engine, archive: AsyncIterable<Buffer>, signal: AbortSignal, made: Content) {
  const blobs = new BlobStore(engine.paths);
  const [spool, writer, pool] = [blobs.writer(), blobs.writer(), new LayerPool()];
  try {
    const feed = native().LayerFeed.open(spool.path, await store(spool, archive, signal));
    feed.stored();
    const { diffId, digest, size } = await pool.recompress({ file: writer.path }, feed, { signal });
    // The tree needs the room.
    await spool.dispose();
    await unpackStoredBlob({ layers: engine.layers, pool, signal }, { path: writer.path, size }, diffId);
    made.diffIds.push(diffId);
    // An archive that cannot be unpacked leaves nothing.
    made.blobs.push(digest);
    writer.commit(digest);
    const descriptor: Descriptor = { mediaType: OCI_LAYER_GZIP, digest, size };
    return { descriptor, diffId };
  } catch (error) {
    throw unusable(error);
  } finally {
    await Promise.all([spool.dispose(), writer.dispose(), pool.close()]);
  }
}

async function store(spool: BlobWriter, archive: AsyncIterable<Buffer>, signal: AbortSignal): Promise<number> {
  let size = 0;
  let head = Buffer.alloc(0);
  for await (const piece of archive) {
    signal.throwIfAborted();
    // A pipe may give a byte at a time.
    if (head.length < MAGIC_LENGTH) {
      head = Buffer.concat([head, piece.subarray(0, MAGIC_LENGTH - head.length)]);
      refuseUnknown(head);
    }
    spool.write(piece);
    size += piece.length;
  }
  return size;
}

/** Docker reads some of them by calling other programs. */
function refuseUnknown(head: Buffer): void {
  const compression = compressionOf(head);
  if (compression !== 'bzip2' && compression !== 'xz') return;
  throw new RcxError(`import: the archive is compressed by ${compression}`, {
    code: 'ERR_RCX_UNSUPPORTED',
    step: 'import',
    hint: `write it as: ${compression} -dc FILE | rcx import - NAME`,
  });
}

/** It is no image's layer yet, and nobody published it. */
function unusable(error: unknown): unknown {
  if (!isRcxError(error, 'ERR_RCX_LAYER_INVALID')) return error;
  const { message, code, path } = error;
  return new RcxError(`import: ${message}`, {
    ...{ code, step: 'import', path, cause: error },
    hint: 'nothing of it was kept. Give the whole tar archive of a root file system, plain or compressed by gzip or zstd.',
  });
}
