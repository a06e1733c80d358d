import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createGzip } from 'node:zlib';
import type { Digest } from '../../ts/oci/digest.ts';
import { TarBuilder } from './tarBuilder.ts';

const BLOCK = 512;
/** Files made at a time. */
const BATCH = 2000;
const [NAME, CHECKSUM] = [0, 148];

/** The archive of so many empty files, 1000 to a directory, in pieces that are used again. */
export function* manyFiles(count: number): Generator<Buffer> {
  const header = new TarBuilder().file('').unfinished();
  const piece = Buffer.concat(Array.from({ length: BATCH }, () => header));
  // The sum of all bytes, the checksum itself read as spaces.
  const empty = header.reduce((sum, byte, at) => sum + (at >= CHECKSUM && at < CHECKSUM + 8 ? 0x20 : byte), 0);
  for (let first = 0; first < count; first += BATCH) {
    for (let i = 0; i < BATCH; i++) {
      const name = nameOf(first + i);
      piece.write(name, i * BLOCK + NAME, 'latin1');
      let sum = empty;
      for (let at = 0; at < name.length; at++) sum += name.charCodeAt(at);
      piece.write(sum.toString(8).padStart(6, '0'), i * BLOCK + CHECKSUM, 'latin1');
    }
    yield piece.subarray(0, Math.min(BATCH, count - first) * BLOCK);
  }
  yield Buffer.alloc(2 * BLOCK);
}

function nameOf(index: number): string {
  const directory = String(Math.floor(index / 1000)).padStart(5, '0');
  return `${directory}/${String(index % 1000).padStart(3, '0')}`;
}

/** The same as a layer's blob, which is never in memory uncompressed, with its diff ID. */
export async function manyFilesLayer(count: number): Promise<{ blob: Buffer; diffId: Digest }> {
  const hash = createHash('sha256');
  const gzip = createGzip({ level: 1, chunkSize: 1 << 20 });
  const compressed: Buffer[] = [];
  gzip.on('data', (chunk: Buffer) => compressed.push(chunk));
  for (const piece of manyFiles(count)) {
    hash.update(piece);
    if (!gzip.write(Buffer.from(piece))) await once(gzip, 'drain');
  }
  gzip.end();
  await once(gzip, 'end');
  return { blob: Buffer.concat(compressed), diffId: `sha256:${hash.digest('hex')}` };
}
