import { createHash, type Hash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { isRcxError } from '../../../errors.ts';
import type { ByteString } from '../../../layer/errors.ts';
import type { TarEntry } from '../../../layer/tar/entry.ts';
import { type TarHandler, TarReader } from '../../../layer/tar/reader.ts';
import { asArchiveError, invalidArchive, unkept, unsupportedArchive } from '../errors.ts';
import { MAGIC_LENGTH } from './compression.ts';
import { linkTarget, memberName } from './memberName.ts';
import { type Member, Members } from './members.ts';

/**
 * Reads an archive once, from front to back, and keeps the content of its members in numbered files in `folder`: which of them
 * matter is known at the end only, as index and manifest may be anywhere.
 * @param pieces the archive, uncompressed; a piece need not last longer than until the next one is asked for
 * @throws ERR_RCX_ARCHIVE_INVALID, ERR_RCX_UNSUPPORTED, ERR_RCX_STORE, and what `pieces` throws
 */
export async function readMembers(pieces: AsyncIterable<Buffer>, folder: string): Promise<Members> {
  const spool = new Spool(folder);
  const reader = new TarReader(spool);
  let isEmpty = true;
  try {
    for await (const piece of pieces) {
      reader.push(piece);
      isEmpty &&= piece.length === 0;
    }
    if (isEmpty) throw invalidArchive('the archive is empty');
    reader.finish();
    return spool.members;
  } catch (error) {
    throw spool.members.isEmpty && isRcxError(error, 'ERR_RCX_LAYER_INVALID') ? noArchive() : asArchiveError(error);
  } finally {
    spool.close();
  }
}

function noArchive() {
  return unsupportedArchive(
    'this is not a tar archive, or its first member is damaged',
    'give an archive that rcx save, docker save, podman save or skopeo wrote; it may be compressed by gzip or zstd.',
  );
}

/** The member whose content comes in. */
interface Current {
  name: ByteString;
  path: string;
  fd: number;
  hash: Hash;
  size: number;
  head: Buffer;
}

class Spool implements TarHandler {
  readonly members = new Members();
  readonly #folder: string;
  #files = 0;
  #current: Current | undefined;

  constructor(folder: string) {
    this.#folder = folder;
  }

  entry(entry: TarEntry, content: Buffer | undefined): void {
    const name = memberName(entry.name);
    if (entry.type === 'file') this.#begin(name, entry);
    else this.members.add(name, memberOf(name, entry));
    if (entry.type !== 'file' || content === undefined) return;
    this.data(content);
    this.end();
  }

  data(chunk: Buffer): void {
    const current = this.#current;
    if (current === undefined) return;
    current.hash.update(chunk);
    current.size += chunk.length;
    if (current.head.length < MAGIC_LENGTH) {
      current.head = Buffer.concat([current.head, chunk.subarray(0, MAGIC_LENGTH - current.head.length)]);
    }
    try {
      for (let at = 0; at < chunk.length; ) at += writeSync(current.fd, chunk, at);
    } catch (error) {
      throw unkept(error);
    }
  }

  end(): void {
    if (this.#current === undefined) return;
    const { name, path, hash, size, head } = this.#current;
    this.close();
    this.members.add(name, { kind: 'file', name, path, size, digest: `sha256:${hash.digest('hex')}`, head });
  }

  /** Must be called in any case: an archive may end in the middle of a member. */
  close(): void {
    if (this.#current !== undefined) closeSync(this.#current.fd);
    this.#current = undefined;
  }

  #begin(name: ByteString, { sparse }: TarEntry): void {
    if (sparse !== undefined) throw invalidArchive('it is a sparse file, which no archive of an image has', name);
    if (name === '') throw invalidArchive('the archive has a file without a name');
    const path = join(this.#folder, String(this.#files++));
    try {
      const fd = openSync(path, 'wx');
      this.#current = { name, path, fd, hash: createHash('sha256'), size: 0, head: Buffer.alloc(0) };
    } catch (error) {
      throw unkept(error);
    }
  }
}

function memberOf(name: ByteString, { type, linkName }: TarEntry): Member {
  switch (type) {
    case 'directory':
      return { kind: 'directory' };
    case 'symlink':
    case 'hardlink':
      return { kind: 'link', target: linkTarget(name, type, linkName) };
    default:
      throw invalidArchive(
        `it is a ${type === 'fifo' ? 'named pipe' : 'device'}, which no archive of an image has`,
        name,
      );
  }
}
