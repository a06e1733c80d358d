import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { LayerPool } from '../layer/pool.ts';
import { native } from '../native/index.ts';
import { applyChanges } from '../oci/instructions/changes.ts';
import { OCI_LAYER_GZIP } from '../oci/mediaTypes.ts';
import { hostPlatform } from '../oci/platform.ts';
import type { Reference } from '../oci/reference.ts';
import type { Descriptor, ImageConfig, Platform } from '../oci/types.ts';
import { BlobStore, type BlobWriter } from '../store/blobs.ts';
import type { StoredImage } from '../store/images.ts';
import { contentLockPath, withLock } from '../store/lock.ts';
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
  const { changes = [], signal = new AbortController().signal } = options;
  const execution = applyChanges({}, changes);
  const run = async () => {
    const { descriptor, diffId } = await addLayer(engine, archive, signal);
    const created = new Date(options.epoch === undefined ? Date.now() : options.epoch * 1000).toISOString();
    const config: ImageConfig = {
      created,
      ...(options.platform ?? hostPlatform()),
      ...(changes.length > 0 && { config: execution }),
      rootfs: { type: 'layers', diff_ids: [diffId] },
      history: [{ created, ...(options.message !== undefined && { comment: options.message }) }],
    };
    return await addImage(engine.paths, config, [descriptor], options.reference);
  };
  return await withLock(contentLockPath(engine.paths), run, { shared: true, signal });
}

async function addLayer(engine: Engine, archive: AsyncIterable<Buffer>, signal: AbortSignal) {
  const blobs = new BlobStore(engine.paths);
  const [spool, writer, pool] = [blobs.writer(), blobs.writer(), new LayerPool()];
  try {
    const size = await store(spool, archive, signal);
    const feed = native().LayerFeed.open(spool.path, size);
    feed.stored();
    const { diffId, ...made } = await pool.recompress({ file: writer.path }, feed, { signal });
    writer.commit(made.digest);
    const descriptor: Descriptor = { mediaType: OCI_LAYER_GZIP, digest: made.digest, size: made.size };
    await unpackStoredBlob({ blobs, layers: engine.layers, pool, signal }, descriptor, diffId);
    return { descriptor, diffId };
  } finally {
    await Promise.all([spool.dispose(), writer.dispose(), pool.close()]);
  }
}

async function store(spool: BlobWriter, archive: AsyncIterable<Buffer>, signal: AbortSignal): Promise<number> {
  let size = 0;
  let first = true;
  for await (const piece of archive) {
    signal.throwIfAborted();
    if (first) refuseUnknown(piece);
    first = false;
    spool.write(piece);
    size += piece.length;
  }
  return size;
}

/** Compressions that Docker reads by calling other programs. */
const UNKNOWN: readonly (readonly [name: string, magic: Buffer])[] = [
  ['xz', Buffer.from('\u00fd7zXZ\0', 'latin1')],
  ['bzip2', Buffer.from('BZh')],
];

function refuseUnknown(head: Buffer): void {
  const found = UNKNOWN.find(([, magic]) => head.subarray(0, magic.length).equals(magic));
  if (found === undefined) return;
  throw new RcxError(`import: the archive is compressed by ${found[0]}`, {
    code: 'ERR_RCX_UNSUPPORTED',
    step: 'import',
    hint: `Write it as: ${found[0]} -dc FILE | rcx import - NAME`,
  });
}
