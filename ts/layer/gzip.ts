import { availableParallelism } from 'node:os';
import { native } from '../native/index.ts';

/** Of the uncompressed archive; each becomes a member of its own, which costs less than a thousandth of the size. */
const BLOCK = 1024 * 1024;

/**
 * Compresses on as many threads as there are processors: a gzip file may consist of any number of members (RFC 1952, section
 * 2.2), which are independent of each other. The same bytes give the same file.
 */
export async function* gzipBlocks(pieces: Iterable<Buffer> | AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  const { gzipMemberOf } = native();
  const underWay: Promise<Buffer>[] = [];
  try {
    for await (const block of blocksOf(pieces)) {
      underWay.push(gzipMemberOf(block));
      if (underWay.length >= availableParallelism() * 2) yield (await underWay.shift()) as Buffer;
    }
    while (underWay.length > 0) yield (await underWay.shift()) as Buffer;
  } finally {
    // Whoever stops early does not hear of the others.
    await Promise.allSettled(underWay);
  }
}

/** Blocks of the same length, but for the last; one at least, so that an empty archive is a gzip file, too. */
async function* blocksOf(pieces: Iterable<Buffer> | AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let parts: Buffer[] = [];
  let length = 0;
  let first = true;
  for await (const piece of pieces) {
    for (let at = 0; at < piece.length; ) {
      const part = piece.subarray(at, at + BLOCK - length);
      parts.push(part);
      at += part.length;
      length += part.length;
      if (length < BLOCK) continue;
      yield Buffer.concat(parts, length);
      [parts, length, first] = [[], 0, false];
    }
  }
  if (length > 0 || first) yield Buffer.concat(parts, length);
}
