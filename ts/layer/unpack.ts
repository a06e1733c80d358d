import { RcxError } from '../errors.ts';
import type { LayerSinkOptions } from '../native/index.ts';
import { native } from '../native/index.ts';
import type { Digest } from '../oci/digest.ts';
import type { LayerArchive } from './archive.ts';
import type { ByteString } from './errors.ts';
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
  /** What came of it: names, and bytes of its files with their holes. */
  tree: { entries: number; bytes: number };
  /** Byte strings: directories that the archive only implies by what is in them; of more than 1000 the outer ones. */
  implied: ByteString[];
}

/**
 * Unpacks the archive of one layer and verifies that it is the one asked for. On an error the directory holds rubbish: the
 * caller throws it away.
 * @param onProgress hears how many compressed bytes were taken
 * @throws ERR_RCX_LAYER_INVALID, ERR_RCX_LAYER_READ, ERR_RCX_LAYER_WRITE, ERR_RCX_DIGEST_MISMATCH, ERR_RCX_ABORTED
 */
export function unpackLayer(
  request: UnpackRequest,
  archive: LayerArchive,
  onProgress: (bytes: number) => void = () => undefined,
): UnpackResult {
  const sink = native().LayerSink.open(request.directory, { ...request.sink, mostHeld: request.limits.maxHeld });
  try {
    const limits = new LimitChecker(request.limits);
    const reader = new TarReader(new LayerExtractor(sink, limits));
    for (const piece of archive.pieces()) {
      const { consumed } = archive;
      limits.output(piece.length, consumed);
      reader.push(piece);
      onProgress(consumed);
    }
    reader.finish();
    checkDiffId(request.diffId, archive.digest());
    const { bytes, skippedNodes, opaqueRoot, treeEntries, treeBytes, implied } = sink.finish();
    const tree = { entries: treeEntries, bytes: treeBytes };
    return { size: bytes, entries: limits.entries, opaqueRoot, skippedNodes, tree, implied };
  } finally {
    sink.close();
  }
}

function checkDiffId(expected: Digest, actual: Digest): void {
  if (actual === expected) return;
  throw new RcxError(`the unpacked content is ${actual}, not ${expected} as the image's config says`, {
    code: 'ERR_RCX_DIGEST_MISMATCH',
    step: 'unpack layer',
    path: expected,
    hint: 'the image contradicts itself: nothing of this layer was kept. Ask its publisher, or use another tag.',
  });
}
