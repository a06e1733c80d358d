import { type ByteString, invalidLayer } from '../../layer/errors.ts';
import { cleanPath } from '../../layer/names.ts';
import type { TarEntry } from '../../layer/tar/entry.ts';
import type { TarHandler } from '../../layer/tar/reader.ts';
import { SparseWriter } from '../../layer/tar/sparseWriter.ts';
import type { CopyWriter, EntryMetadata } from '../../native/index.ts';

/** Where the content of the current entry goes. */
type ContentTarget = { write(chunk: Buffer): void; end(): void };

const NOWHERE: ContentTarget = { write: () => undefined, end: () => undefined };

/**
 * Writes the entries of an archive that somebody made for this copy. It is no layer: a name that begins with `.wh.` is one like any
 * other. Owners stay as they are in the archive, as with docker: `tar --owner` is how they are chosen.
 */
export class CopyExtractor implements TarHandler {
  readonly #writer: CopyWriter;
  readonly #file: ContentTarget;
  #target: ContentTarget = NOWHERE;

  constructor(writer: CopyWriter) {
    this.#writer = writer;
    this.#file = { write: (chunk) => writer.write(chunk), end: () => writer.endFile() };
  }

  entry(entry: TarEntry, content: Buffer | undefined): void {
    this.#target = NOWHERE;
    const path = cleanPath(entry.name);
    // What all goes into is what it is.
    if (path === '') return;
    const metadata = metadataOf(entry);
    if (entry.type === 'directory') this.#writer.directory(path, metadata);
    else if (entry.type === 'file') this.#begin(entry, path, metadata, content);
    else if (entry.type === 'hardlink') this.#writer.hardlink(path, linkTarget(entry));
    else if (entry.type === 'symlink') this.#writer.symlink(path, symlinkTarget(entry), metadata);
    else if (entry.type === 'fifo') this.#writer.fifo(path, metadata);
    else if (entry.type === 'block') this.#writer.blockDevice(path, entry.major, entry.minor, metadata);
    else this.#writer.characterDevice(path, entry.major, entry.minor, metadata);
  }

  data(chunk: Buffer): void {
    this.#target.write(chunk);
  }

  end(): void {
    this.#target.end();
  }

  #begin(entry: TarEntry, path: ByteString, metadata: EntryMetadata, content: Buffer | undefined): void {
    this.#writer.file(path, metadata, content);
    if (content !== undefined) return;
    this.#target = entry.sparse === undefined ? this.#file : new SparseWriter(this.#writer, entry.sparse, entry.size);
  }
}

function metadataOf({ mode, uid, gid, mtime, mtimeNsec, xattrs }: TarEntry): EntryMetadata {
  // Overlayfs would obey its own.
  const kept = xattrs.filter(({ name }) => !/^(trusted|user)\.overlay\./.test(name) && !name.includes('\0'));
  return { mode: mode & 0o7777, uid, gid, mtime, mtimeNsec, ...(kept.length > 0 && { xattrs: kept }) };
}

function linkTarget(entry: TarEntry): ByteString {
  const target = cleanPath(entry.linkName);
  if (target === '') throw invalidLayer('a hard link must lead to a file', entry.name);
  return target;
}

function symlinkTarget(entry: TarEntry): ByteString {
  const { linkName, name } = entry;
  if (linkName === '' || linkName.includes('\0')) throw invalidLayer('a symbolic link leads nowhere', name);
  return linkName;
}
