import { pipeline, Readable, type TransformOptions } from 'node:stream';
import * as zlib from 'node:zlib';
import { Decompress } from 'fzstd';
import type { LayerCompression } from '../oci/mediaTypes.ts';
import { invalidLayer } from './errors.ts';

/** With Node's default of 16 KiB inflating takes twice as long. */
const CHUNK = 1024 * 1024;
/** Chunks inflated ahead on the thread pool while the caller is busy with one. */
const AHEAD = 4;

/** `zlib.createZstdDecompress`, in Node from 22.15 on. */
type ZstdFactory = (options: zlib.ZlibOptions) => zlib.Gunzip;

/**
 * The uncompressed stream. How it is compressed is told from its first bytes: media types are too often wrong, and other
 * tools do not trust them either.
 * @throws ERR_RCX_LAYER_INVALID when the data is damaged or cut short
 */
export async function* decompress(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const [compression, stream] = await detect(source);
  try {
    if (compression === 'none') yield* stream;
    else if (compression === 'gzip') yield* through(stream, zlib.createGunzip(options()));
    else yield* unzstd(stream);
  } catch (error) {
    throw isCodecError(error) ? invalidLayer(`its ${compression} data is damaged: ${(error as Error).message}`) : error;
  }
}

/** What the stream's magic numbers say, and the stream with them still in it. */
async function detect(source: AsyncIterable<Buffer>): Promise<[LayerCompression, AsyncIterable<Buffer>]> {
  const iterator = source[Symbol.asyncIterator]();
  let head: Buffer = Buffer.alloc(0);
  while (head.length < 4) {
    const next = await iterator.next();
    if (next.done === true) break;
    head = head.length === 0 ? next.value : Buffer.concat([head, next.value]);
  }
  return [compressionOf(head), resume(head, iterator)];
}

function compressionOf(head: Buffer): LayerCompression {
  if (head.length >= 3 && head[0] === 0x1f && head[1] === 0x8b && head[2] === 8) return 'gzip';
  const magic = head.length >= 4 ? head.readUInt32LE(0) : 0;
  // RFC 8878: a frame, or a skippable frame in front of one.
  return magic === 0xfd2fb528 || (magic & 0xfffffff0) >>> 0 === 0x184d2a50 ? 'zstd' : 'none';
}

async function* resume(head: Buffer, iterator: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  try {
    if (head.length > 0) yield head;
    for (let next = await iterator.next(); next.done !== true; next = await iterator.next()) yield next.value;
  } finally {
    await iterator.return?.();
  }
}

/** In object mode chunks are handed on one by one; a byte stream would copy all that are ready into one. */
function options(): zlib.ZlibOptions & TransformOptions {
  return { chunkSize: CHUNK, readableObjectMode: true, readableHighWaterMark: AHEAD };
}

async function* through(stream: AsyncIterable<Buffer>, codec: zlib.Gunzip): AsyncGenerator<Buffer> {
  // Errors of the source reach the consumer by destroying the codec; there is nothing left for the callback.
  pipeline(Readable.from(stream, { objectMode: true, highWaterMark: 2 }), codec, () => undefined);
  yield* codec as AsyncIterable<Buffer>;
}

async function* unzstd(stream: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const factory = (zlib as { createZstdDecompress?: ZstdFactory }).createZstdDecompress;
  if (factory !== undefined) return yield* through(stream, factory(options()));
  const output: Buffer[] = [];
  const codec = new Decompress((chunk) => {
    output.push(Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength));
  });
  for await (const chunk of stream) {
    codec.push(chunk);
    yield* output.splice(0);
  }
  codec.push(new Uint8Array(0), true);
  yield* output;
}

/** zlib's errors have codes such as `Z_DATA_ERROR`, Node's zstd `ZSTD_error_…`, fzstd's a number. */
function isCodecError(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'number' || (typeof code === 'string' && /^(Z_|ZSTD_)/.test(code));
}
