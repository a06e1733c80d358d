import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as breathe } from 'node:timers/promises';
import { DEFAULT_LIMITS } from '../../../layer/limits.ts';
import { native } from '../../../native/index.ts';
import type { algorithmOf, Digest } from '../../../oci/digest.ts';
import { toRcxError } from '../../../store/nativeError.ts';
import { asArchiveError, invalidArchive, unkept, unsupportedArchive } from '../errors.ts';
import { type Compression, compressionOf, MAGIC_LENGTH } from './compression.ts';

const PIECE = 256 * 1024;
/** How long one read may keep everything else waiting. */
const PATIENCE_MS = 50;

/**
 * The archive that `source` is, whatever it is compressed by. What is compressed is written to a file in `folder` first: the
 * inflater of the core reads files, and is the one that knows gzip and zstd.
 *
 * A piece lasts until the next one is asked for.
 * @throws ERR_RCX_UNSUPPORTED for bzip2 and xz, ERR_RCX_ARCHIVE_INVALID, ERR_RCX_STORE, and what `source` throws
 */
export async function* inflated(source: AsyncIterable<Uint8Array>, folder: string): AsyncGenerator<Buffer, void, void> {
  const path = join(folder, 'compressed');
  const compressed = { fd: -1, size: 0 };
  let head = Buffer.alloc(0);
  let compression: Compression | undefined;
  try {
    for await (const chunk of source) {
      let piece = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
      if (compression === undefined) {
        head = piece = Buffer.concat([head, piece]);
        if (head.length < MAGIC_LENGTH) continue;
        compression = known(head);
        if (compression !== 'none') compressed.fd = openSync(path, 'wx');
      }
      if (compression === 'none') yield piece;
      else compressed.size += writeFully(compressed.fd, piece);
    }
  } finally {
    if (compressed.fd >= 0) closeSync(compressed.fd);
  }
  if (compression === undefined) yield head;
  else if (compression !== 'none') yield* inflatedArchive(path, compressed.size);
}

async function* inflatedArchive(path: string, size: number): AsyncGenerator<Buffer, void, void> {
  try {
    yield* inflatedFile(path, size, { watch: overBlown });
  } catch (error) {
    throw asArchiveError(error);
  } finally {
    rmSync(path);
  }
}

interface InflateOptions {
  /** What the digest is made with; sha256 by default. */
  algorithm?: ReturnType<typeof algorithmOf>;
  /** Hears what came of how many compressed bytes. */
  watch?: (inflated: number, compressed: number) => void;
}

/**
 * Inflates a file that is compressed by gzip, by zstd or not at all. A piece lasts until the next one is asked for.
 * @returns digest of what was inflated
 * @throws ERR_RCX_LAYER_INVALID for damaged data, ERR_RCX_LAYER_READ, and what `watch` throws
 */
export async function* inflatedFile(
  path: string,
  size: number,
  { algorithm = 'sha256', watch }: InflateOptions = {},
): AsyncGenerator<Buffer, Digest, void> {
  const feed = native().LayerFeed.open(path, size);
  feed.stored();
  const stream = native().LayerStream.attach(feed.id, algorithm);
  const buffer = Buffer.allocUnsafe(PIECE);
  let total = 0;
  try {
    for (;;) {
      const length = stream.read(buffer, PATIENCE_MS);
      if (length === 0) return `${algorithm}:${stream.digest()}`;
      if (length > 0) {
        total += length;
        watch?.(total, stream.consumed);
        yield buffer.subarray(0, length);
      }
      // Reading blocks: others get their turn.
      await breathe();
    }
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_LAYER_READ');
  } finally {
    stream.close();
  }
}

function known(head: Buffer): Compression {
  const compression = compressionOf(head);
  if (compression !== 'bzip2' && compression !== 'xz') return compression;
  throw unsupportedArchive(
    `the archive is compressed by ${compression}, which rcx does not read`,
    `inflate it on the way: ${compression} -dc FILE | rcx load`,
  );
}

/** What a layer may cost holds for all of them together: nothing else in an archive is large. */
function overBlown(inflated: number, compressed: number): void {
  const { ratioFrom, maxRatio } = DEFAULT_LIMITS;
  if (inflated > ratioFrom && inflated > compressed * maxRatio) {
    throw invalidArchive(`the archive inflates to more than ${maxRatio} times its size`);
  }
}

function writeFully(fd: number, piece: Buffer): number {
  try {
    for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at);
    return piece.length;
  } catch (error) {
    throw unkept(error);
  }
}
