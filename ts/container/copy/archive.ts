import { setImmediate as breathe } from 'node:timers/promises';
import { createGunzip } from 'node:zlib';
import { abortable } from '../../image/archive/abortable.ts';
import { compressionOf, MAGIC_LENGTH } from '../../image/archive/read/compression.ts';
import type { ByteString } from '../../layer/errors.ts';
import { TarReader } from '../../layer/tar/reader.ts';
import { END_OF_ARCHIVE, encodeHeader, paddingAfter, type TarMember } from '../../layer/tar/writer.ts';
import type { CopyReader, CopyWriter, TreeEntry } from '../../native/index.ts';
import { ChangedFiles, refusedCopy } from './errors.ts';
import { CopyExtractor } from './extract.ts';
import { archivedXattrs } from './metadata.ts';
import { firstName, under } from './transfer.ts';

/** File content is read in pieces of this size. */
const PIECE = 256 * 1024;
/** So much is read before others get their turn. */
const SLICE = 2 * 1024 * 1024;

/**
 * What a reader reads as an archive: `top`, its first entry, which was read already, and all below.
 * @param name what the top is called
 * @throws the addon's errors, and ERR_RCX_COPY_CHANGED behind the end of the archive, which is whole in any case
 */
export async function* packCopy(
  [reader, top]: readonly [CopyReader, TreeEntry],
  name: ByteString,
  signal?: AbortSignal,
): AsyncGenerator<Buffer, void, void> {
  const changed = new ChangedFiles();
  const names = new Map<string, ByteString>();
  const prefix = name === '/' ? '.' : name;
  const buffer = Buffer.allocUnsafe(PIECE);
  let read = 0;
  for (let entry: TreeEntry | null = top; entry !== null; entry = reader.next()) {
    const path = under(prefix, entry.path);
    const first = firstName(names, entry, path);
    const header = encodeHeader(memberOf(entry, path, first));
    if (entry.kind === 'socket') continue;
    yield header;
    read += header.length;
    if (entry.kind === 'file' && first === undefined) {
      for (let length = reader.read(buffer); length > 0; length = reader.read(buffer)) {
        yield Buffer.from(buffer.subarray(0, length));
        read += length;
      }
      yield paddingAfter(entry.size);
      const change = reader.change();
      if (change !== null) changed.add(path, change);
    }
    if (read < SLICE) continue;
    read = 0;
    await breathe();
    signal?.throwIfAborted();
  }
  yield END_OF_ARCHIVE;
  changed.check();
}

function memberOf(entry: TreeEntry, path: ByteString, first: ByteString | undefined): TarMember {
  const { kind, mode, uid, gid, mtime, mtimeNsec, size, target, major, minor } = entry;
  const type = kind === 'socket' || kind === 'whiteout' ? 'file' : kind;
  const member: TarMember = {
    ...{ type, name: kind === 'directory' ? `${path}/` : path, linkName: target ?? '' },
    ...{ mode, uid, gid, mtime, mtimeNsec },
    ...{ size: kind === 'file' ? size : 0, major: major ?? 0, minor: minor ?? 0 },
    xattrs: archivedXattrs(entry),
  };
  return first === undefined ? member : { ...member, type: 'hardlink', linkName: first, size: 0, xattrs: [] };
}

/**
 * Unpacks an archive, which gzip may have compressed.
 * @throws the addon's errors, ERR_RCX_LAYER_INVALID for an archive that is damaged, ERR_RCX_COPY for one that is compressed
 * otherwise, and the signal's reason
 */
export async function extractCopy(
  source: AsyncIterable<Buffer>,
  writer: CopyWriter,
  signal: AbortSignal = new AbortController().signal,
): Promise<void> {
  const reader = new TarReader(new CopyExtractor(writer));
  let length = 0;
  for await (const piece of await inflated(abortable(source, signal))) {
    length += piece.length;
    reader.push(piece);
  }
  // An empty archive is two blocks of zeros; nothing at all is the end of a command that failed.
  if (length === 0) throw refusedCopy('stdin is empty', undefined, 'give a tar archive');
  reader.finish();
  writer.finish();
}

async function inflated(source: AsyncIterable<Buffer>): Promise<AsyncIterable<Buffer>> {
  const pieces = source[Symbol.asyncIterator]();
  let head = Buffer.alloc(0);
  while (head.length < MAGIC_LENGTH) {
    const { done, value } = await pieces.next();
    if (done === true) break;
    head = Buffer.concat([head, value]);
  }
  const whole = (async function* () {
    yield head;
    for (let next = await pieces.next(); next.done !== true; next = await pieces.next()) yield next.value;
  })();
  const compression = compressionOf(head);
  if (compression === 'none') return whole;
  if (compression === 'gzip') return gunzipped(whole);
  const hint = `inflate it on the way: ${compression} -dc FILE | rcx cp - …`;
  throw refusedCopy(`the archive is compressed by ${compression}, which cp does not read`, undefined, hint);
}

async function* gunzipped(source: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void, void> {
  const { Readable } = await import('node:stream');
  const gunzip = createGunzip({ chunkSize: PIECE });
  const input = Readable.from(source, { objectMode: false });
  input.on('error', (error) => gunzip.destroy(error));
  yield* input.pipe(gunzip) as AsyncIterable<Buffer>;
}
