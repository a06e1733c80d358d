import { createHash } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import { Header, type HeaderData, Pax } from 'tar';
import { RcxError } from '../../errors.ts';
import { errnoOf } from './hostError.ts';
import type { TreeEntry, TreeFile } from './tree.ts';

const BLOCK = 512;
const CHUNK = 1 << 20;

/** Times of a layer that do not change from one run to the next. */
export interface LayerTime {
  /** Seconds since 1970, for everything that is not a file of the host. */
  seconds: number;
}

/**
 * The newest file's time stands in for those a layer cannot take from the host: a directory's changes with every file beside those
 * in the image, and rcx's own files have none.
 */
export function layerTime(entries: TreeEntry[]): LayerTime {
  const times = entries.map((entry) => (entry.type === 'file' ? entry.mtime : 0));
  return { seconds: times.reduce((newest, time) => Math.max(newest, time), 0) };
}

/**
 * An uncompressed tar archive of `entries`, in their order. The same entries give the same bytes. Names of one inode become hard
 * links. Throws `ERR_RCX_HOST_FILE` where a file cannot be read or changes size meanwhile.
 */
export function* layerArchive(entries: TreeEntry[], time: LayerTime): Generator<Buffer> {
  const inodes = new Map<string, string>();
  for (const entry of entries) {
    const name = entry.path.slice(1);
    const first = entry.type === 'file' ? inodes.get(entry.inode) : undefined;
    yield headerOf(entry, name, first, time);
    if (entry.type === 'text') yield padded(entry.content);
    if (entry.type !== 'file' || first !== undefined) continue;
    inodes.set(entry.inode, name);
    yield* fileBlocks(entry);
  }
  yield Buffer.alloc(2 * BLOCK);
}

/** Length in bytes and `sha256` of what `chunks` yields. */
export function measure(chunks: Iterable<Buffer>): { size: number; hex: string } {
  const hash = createHash('sha256');
  let size = 0;
  for (const chunk of chunks) {
    hash.update(chunk);
    size += chunk.length;
  }
  return { size, hex: hash.digest('hex') };
}

function headerOf(entry: TreeEntry, name: string, hardLink: string | undefined, time: LayerTime): Buffer {
  const { mode, uid, gid } = entry;
  const mtime = new Date((entry.type === 'file' ? entry.mtime : time.seconds) * 1000);
  const data: HeaderData = { path: name, mode, uid, gid, size: 0, mtime, ...kindOf(entry, hardLink) };
  if (entry.type === 'directory') data.path = `${name}/`;
  const header = new Header(data);
  header.encode();
  const block = header.block;
  if (block === undefined) throw new TypeError('tar: a header was not encoded');
  return header.needPax ? Buffer.concat([new Pax(data).encode(), block]) : block;
}

function kindOf(entry: TreeEntry, hardLink: string | undefined): HeaderData {
  if (hardLink !== undefined) return { type: 'Link', linkpath: hardLink };
  switch (entry.type) {
    case 'directory':
      return { type: 'Directory' };
    case 'symlink':
      return { type: 'SymbolicLink', linkpath: entry.target };
    case 'text':
      return { type: 'File', size: entry.content.length };
    case 'file':
      return { type: 'File', size: entry.size };
  }
}

function* fileBlocks(file: TreeFile): Generator<Buffer> {
  let fd: number;
  try {
    fd = openSync(file.source, 'r');
  } catch (error) {
    throw errnoOf(error, 'read a host file', file.source);
  }
  try {
    for (let at = 0; at < file.size; ) {
      const wanted = Math.min(CHUNK, file.size - at);
      const chunk = Buffer.alloc(blocks(wanted));
      if (readFully(fd, chunk, wanted, at) !== wanted) throw changed(file);
      at += wanted;
      yield chunk;
    }
    if (readSync(fd, Buffer.alloc(1), 0, 1, file.size) !== 0) throw changed(file);
  } finally {
    closeSync(fd);
  }
}

function readFully(fd: number, into: Buffer, length: number, position: number): number {
  let done = 0;
  while (done < length) {
    const count = readSync(fd, into, done, length - done, position + done);
    if (count === 0) break;
    done += count;
  }
  return done;
}

function padded(content: Buffer): Buffer {
  const bytes = Buffer.alloc(blocks(content.length));
  content.copy(bytes);
  return bytes;
}

/** `length` rounded up to whole blocks of the archive. */
function blocks(length: number): number {
  return Math.ceil(length / BLOCK) * BLOCK;
}

function changed(file: TreeFile): RcxError {
  return new RcxError(`image from-host: ${file.path}: the file changed while it was read`, {
    code: 'ERR_RCX_HOST_FILE',
    step: 'read a host file',
    path: file.path,
    hint: 'try again once nothing is being installed.',
  });
}
