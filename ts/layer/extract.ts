import { isRcxError } from '../errors.ts';
import type { EntryMetadata, LayerSink } from '../native/index.ts';
import { plain } from '../oci/quote.ts';
import { type ByteString, invalidLayer, readable } from './errors.ts';
import type { LimitChecker } from './limits.ts';
import { type NamedAs, readName } from './names.ts';
import type { EntryXattr, TarEntry } from './tar/entry.ts';
import type { TarHandler } from './tar/reader.ts';
import { SparseWriter } from './tar/sparseWriter.ts';
import { carriedXattrs } from './xattrs.ts';

/** Where the content of the current entry goes. */
type ContentTarget = { write(chunk: Buffer): void; end(): void };

const NOWHERE: ContentTarget = { write: () => undefined, end: () => undefined };

/** Decides what each entry of a layer's archive means for the layer's tree; the sink does it. */
export class LayerExtractor implements TarHandler {
  readonly #sink: LayerSink;
  readonly #limits: LimitChecker;
  #target: ContentTarget = NOWHERE;
  readonly #file: ContentTarget;

  constructor(sink: LayerSink, limits: LimitChecker) {
    this.#sink = sink;
    this.#limits = limits;
    this.#file = { write: (chunk) => sink.write(chunk), end: () => sink.endFile() };
  }

  entry(entry: TarEntry, content: Buffer | undefined): void {
    this.#limits.entry(entry.size);
    this.#target = NOWHERE;
    const named = readName(entry.name);
    // A name decides before a type does: a whiteout stored as a hard link or directory is still a whiteout.
    if (named.kind === 'whiteout') this.#sink.whiteout(named.path);
    else if (named.kind === 'opaque') this.#sink.opaque(named.path);
    else if (named.kind === 'entry') this.#make(entry, named.path, content);
  }

  data(chunk: Buffer): void {
    this.#target.write(chunk);
  }

  end(): void {
    this.#target.end();
  }

  #make(entry: TarEntry, path: ByteString, content: Buffer | undefined): void {
    if (path === '' && entry.type !== 'directory') {
      throw invalidLayer('the root of a layer can only be a directory', entry.name);
    }
    const metadata = metadataOf(entry);
    if (entry.type === 'directory') this.#sink.directory(path, metadata);
    else if (entry.type === 'file') this.#begin(entry, path, metadata, content);
    else if (entry.type === 'hardlink') this.#sink.hardlink(path, linkTarget(entry));
    else if (entry.type === 'symlink') this.#sink.symlink(path, symlinkTarget(entry), metadata);
    else if (entry.type === 'fifo') this.#sink.fifo(path, metadata);
    else if (entry.type === 'block') this.#sink.blockDevice(path, entry.major, entry.minor, metadata);
    else this.#sink.characterDevice(path, entry.major, entry.minor, metadata);
  }

  #begin(entry: TarEntry, path: ByteString, metadata: EntryMetadata, content: Buffer | undefined): void {
    this.#sink.file(path, metadata, content);
    if (content !== undefined) return;
    this.#target = entry.sparse === undefined ? this.#file : new SparseWriter(this.#sink, entry.sparse, entry.size);
  }
}

function metadataOf(entry: TarEntry): EntryMetadata {
  const { mode, uid, gid, mtime, mtimeNsec } = entry;
  const metadata: EntryMetadata = { mode: mode & 0o7777, uid, gid, mtime, mtimeNsec };
  if (entry.xattrs.length > 0) metadata.xattrs = checkedXattrs(entry);
  return metadata;
}

/** The kernel's limit on a value, VFS XATTR_SIZE_MAX: a longer one would only be held in memory until it is refused. */
const LONGEST_VALUE = 65_536;

function checkedXattrs(entry: TarEntry): EntryXattr[] {
  const carried = carriedXattrs(entry.xattrs);
  const long = carried.find(({ value }) => value.length > LONGEST_VALUE);
  if (long === undefined) return carried;
  throw invalidLayer(`its attribute ${plain(long.name)} is longer than ${LONGEST_VALUE} bytes`, entry.name);
}

/** The target of a hard link is a name in the archive, not a path from where the link is. */
function linkTarget(entry: TarEntry): ByteString {
  const target = readLinkName(entry.linkName);
  if (target?.kind === 'entry' && target.path !== '') return target.path;
  throw invalidLayer(
    `a hard link must lead to a file of the layer, which ${readable(entry.linkName)} is not`,
    entry.name,
  );
}

/** A wrong target is a fault of the entry that has it, and to be told as one. */
function readLinkName(name: ByteString): NamedAs | undefined {
  try {
    return readName(name);
  } catch (error) {
    if (isRcxError(error, 'ERR_RCX_LAYER_INVALID')) return undefined;
    throw error;
  }
}

function symlinkTarget(entry: TarEntry): ByteString {
  if (entry.linkName === '') throw invalidLayer('a symbolic link leads nowhere', entry.name);
  if (entry.linkName.includes('\0')) throw invalidLayer('the target of a symbolic link has a NUL byte', entry.name);
  return entry.linkName;
}
