import { type ByteString, invalidLayer } from '../errors.ts';
import type { TarHeader } from './header.ts';
import { type PaxRecord, readPaxInteger, readPaxTime } from './pax.ts';
import { type SparseMap, sparseFromHeader, sparseFromPax } from './sparse.ts';

export type EntryType = 'file' | 'hardlink' | 'symlink' | 'character' | 'block' | 'directory' | 'fifo';

/** An extended attribute; the name is text, the value bytes. */
export interface EntryXattr {
  name: string;
  value: Buffer;
}

/** One member of an archive with everything applied that goes before it. */
export interface TarEntry {
  type: EntryType;
  /** As the archive has it: not cleaned in any way. */
  name: ByteString;
  linkName: ByteString;
  mode: number;
  uid: number;
  gid: number;
  mtime: number;
  mtimeNsec: number;
  /** Bytes of content that follow in the archive. */
  stored: number;
  /** Bytes of the file that results; differs from `stored` for a sparse file only. */
  size: number;
  major: number;
  minor: number;
  xattrs: EntryXattr[];
  sparse: SparseMap | undefined;
}

const TYPES: Readonly<Record<ByteString, EntryType>> = {
  '\0': 'file',
  '0': 'file',
  '1': 'hardlink',
  '2': 'symlink',
  '3': 'character',
  '4': 'block',
  '5': 'directory',
  '6': 'fifo',
  '7': 'file',
  S: 'file',
};

const XATTR = 'SCHILY.xattr.';

/** What PAX and GNU headers before an entry say of it. */
export interface Extensions {
  pax: readonly PaxRecord[];
  longName: ByteString | undefined;
  longLinkName: ByteString | undefined;
}

/**
 * Makes the entry of a header and what went before it: PAX wins over ustar, GNU long names win over both.
 * @throws ERR_RCX_LAYER_INVALID for types no layer may contain and values no file can have
 */
export function makeEntry(header: TarHeader, extensions: Extensions): TarEntry {
  const type = TYPES[header.type];
  const entry: TarEntry = {
    type: type ?? 'file',
    name: header.name,
    linkName: header.linkName,
    mode: header.mode,
    uid: header.uid,
    gid: header.gid,
    mtime: header.mtime,
    mtimeNsec: 0,
    stored: header.size,
    size: header.size,
    major: header.major,
    minor: header.minor,
    xattrs: readXattrs(extensions.pax),
    sparse: undefined,
  };
  for (const [key, value] of extensions.pax) applyRecord(entry, key, value);
  if (extensions.longName !== undefined) entry.name = extensions.longName;
  if (extensions.longLinkName !== undefined) entry.linkName = extensions.longLinkName;
  if (type === undefined) {
    throw invalidLayer(`entries of type ${JSON.stringify(header.type)} have no place in a layer`, entry.name);
  }
  if (header.type === '\0' && entry.name.endsWith('/')) entry.type = 'directory';
  // Links, nodes and directories have no content, whatever size is written: Go's archive/tar reads on right after them.
  if (entry.type !== 'file') entry.stored = entry.size = 0;
  check(entry);
  return entry;
}

/** Adds what sparse formats say; apart, because the map of one format starts in the content. */
export function applySparse(
  entry: TarEntry,
  header: TarHeader,
  block: Buffer,
  at: number,
  pax: readonly PaxRecord[],
): void {
  if (header.type === 'S') sparseFromHeader(entry, block, at);
  else if (entry.type === 'file') sparseFromPax(entry, pax);
}

function applyRecord(entry: TarEntry, key: ByteString, value: ByteString): void {
  // An empty value takes a record back: what the header says counts again.
  if (value === '') return;
  switch (key) {
    case 'path':
      entry.name = value;
      break;
    case 'linkpath':
      entry.linkName = value;
      break;
    case 'size':
      entry.stored = entry.size = readPaxInteger(value, entry.name);
      break;
    case 'uid':
      entry.uid = readPaxInteger(value, entry.name);
      break;
    case 'gid':
      entry.gid = readPaxInteger(value, entry.name);
      break;
    case 'mtime': {
      const time = readPaxTime(value, entry.name);
      entry.mtime = time.seconds;
      entry.mtimeNsec = time.nanoseconds;
    }
  }
}

/** Of several with one name the last one counts. A header may have tens of thousands. */
function readXattrs(records: readonly PaxRecord[]): EntryXattr[] {
  if (records.length === 0) return [];
  const found = new Map<string, Buffer>();
  for (const [key, value] of records) {
    if (!key.startsWith(XATTR)) continue;
    const name = Buffer.from(key.slice(XATTR.length), 'latin1').toString('utf8');
    found.set(name, Buffer.from(value, 'latin1'));
  }
  return Array.from(found, ([name, value]) => ({ name, value }));
}

/** 2³² − 1 means "leave as it is" to chown(2). */
const LAST_ID = 0xffff_fffe;

function check(entry: TarEntry): void {
  if (entry.stored < 0) throw invalidLayer('its size is negative', entry.name);
  for (const id of [entry.uid, entry.gid]) {
    if (id < 0 || id > LAST_ID) throw invalidLayer(`its owner ${id} is no user or group ID`, entry.name);
  }
  for (const number of [entry.major, entry.minor]) {
    if (number < 0 || number > 0xffff_ffff) throw invalidLayer('its device number is out of range', entry.name);
  }
}
