import { createHash } from 'node:crypto';
import { RcxError } from '../errors.ts';
import type { LayerSinkOptions } from '../native/index.ts';
import { native } from '../native/index.ts';
import { algorithmOf, type Digest } from '../oci/digest.ts';
import { decompress } from './decompress.ts';
import { LayerExtractor } from './extract.ts';
import { type LayerLimits, LimitChecker } from './limits.ts';
import { TarReader } from './tar/reader.ts';

export interface UnpackRequest {
  /** What the uncompressed archive must hash to. */
  diffId: Digest;
  /** An empty directory, which becomes the layer's tree. */
  directory: string;
  sink: LayerSinkOptions;
  limits: LayerLimits;
}

export interface UnpackResult {
  /** Bytes of file content. */
  size: number;
  /** Members of the archive. */
  entries: number;
  /** The layer hides everything below it. */
  opaqueRoot: boolean;
  /** Device nodes left out for want of privilege. */
  skippedNodes: number;
}

/** Pieces of at most this are handed on at once, so that hashing and parsing find them in the processor's cache. */
const PIECE = 256 * 1024;

/**
 * Unpacks the archive of one layer, compressed or not, and verifies that it is the one asked for. On an error the
 * directory holds rubbish: the caller throws it away.
 * @throws ERR_RCX_LAYER_INVALID, ERR_RCX_LAYER_WRITE, ERR_RCX_DIGEST_MISMATCH, and whatever `source` throws
 */
export async function unpackLayer(request: UnpackRequest, source: AsyncIterable<Buffer>): Promise<UnpackResult> {
  const sink = native().LayerSink.open(request.directory, request.sink);
  try {
    const limits = new LimitChecker(request.limits);
    const reader = new TarReader(new LayerExtractor(sink, limits));
    const hash = createHash(algorithmOf(request.diffId));
    let compressed = 0;
    for await (const chunk of decompress(counted(source, (length) => (compressed += length)))) {
      limits.output(chunk.length, compressed);
      for (let at = 0; at < chunk.length; at += PIECE) {
        const piece = chunk.subarray(at, at + PIECE);
        hash.update(piece);
        reader.push(piece);
      }
    }
    reader.finish();
    checkDiffId(request.diffId, hash.digest('hex'));
    const { bytes, skippedNodes, opaqueRoot } = sink.finish();
    return { size: bytes, entries: limits.entries, opaqueRoot, skippedNodes };
  } finally {
    sink.close();
  }
}

async function* counted(source: AsyncIterable<Buffer>, add: (length: number) => void): AsyncGenerator<Buffer> {
  for await (const chunk of source) {
    add(chunk.length);
    yield chunk;
  }
}

function checkDiffId(expected: Digest, hex: string): void {
  const actual = `${algorithmOf(expected)}:${hex}`;
  if (actual === expected) return;
  throw new RcxError(`the unpacked content is ${actual}, not ${expected} as the image's config says`, {
    code: 'ERR_RCX_DIGEST_MISMATCH',
    step: 'unpack layer',
    path: expected,
    hint: 'The image contradicts itself: nothing of this layer was kept. Ask its publisher, or use another tag.',
  });
}
