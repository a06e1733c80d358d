import { createHash } from 'node:crypto';
import { closeSync, openSync, writeSync } from 'node:fs';
import type { Digest } from '../oci/digest.ts';
import { fileFailure } from '../store/nativeError.ts';
import type { LayerArchive } from './archive.ts';
import { gzipBlocks } from './gzip.ts';
import { type PackOptions, packLayer } from './pack.ts';

/** A read-write layer to be made an archive of. */
export interface PackRequest extends PackOptions {
  directory: string;
  /** An existing file, which is filled with the compressed archive. */
  file: string;
}

/** What an archive came to. */
export interface PackResult {
  /** Of the compressed archive. */
  digest: Digest;
  /** Bytes of the compressed archive. */
  size: number;
  /** Of the archive itself. */
  diffId: Digest;
  /** Bytes of the archive itself. */
  archiveSize: number;
}

/** An archive to be compressed by gzip, however it is compressed now. */
export interface RecompressRequest {
  /** An existing file, which is filled with the compressed archive. */
  file: string;
}

/**
 * Writes a layer's archive, compressed by gzip, to a file.
 * @throws what {@link packLayer} throws, ERR_RCX_STORE, and the signal's reason
 */
export async function packToFile(request: PackRequest, signal: AbortSignal): Promise<PackResult> {
  return await compressToFile(packLayer(request.directory, request), request.file, signal);
}

/**
 * Writes an archive that is there, compressed by gzip, to a file.
 * @throws ERR_RCX_LAYER_INVALID, ERR_RCX_LAYER_READ, ERR_RCX_STORE, and the signal's reason
 */
export async function recompressToFile(
  archive: LayerArchive,
  { file }: RecompressRequest,
  signal: AbortSignal,
): Promise<PackResult> {
  return await compressToFile(copies(archive.pieces()), file, signal);
}

/** The reader fills the same buffer again. */
function* copies(pieces: Iterable<Buffer>): Generator<Buffer> {
  for (const piece of pieces) yield Buffer.from(piece);
}

async function compressToFile(pieces: Iterable<Buffer>, file: string, signal: AbortSignal): Promise<PackResult> {
  const archive = new Measured();
  const compressed = new Measured();
  const fd = openSync(file, 'r+');
  try {
    for await (const piece of gzipBlocks(archive.pass(pieces))) {
      signal.throwIfAborted();
      compressed.add(piece);
      writeFully(fd, file, piece);
    }
  } finally {
    closeSync(fd);
  }
  return {
    ...{ digest: compressed.digest(), size: compressed.size },
    ...{ diffId: archive.digest(), archiveSize: archive.size },
  };
}

/** Counts and hashes what passes. */
export class Measured {
  readonly #hash = createHash('sha256');
  size = 0;

  add(piece: Uint8Array): void {
    this.#hash.update(piece);
    this.size += piece.byteLength;
  }

  *pass(pieces: Iterable<Buffer>): Generator<Buffer> {
    for (const piece of pieces) {
      this.add(piece);
      yield piece;
    }
  }

  /** Once, at the end. */
  digest(): Digest {
    return `sha256:${this.#hash.digest('hex')}`;
  }
}

function writeFully(fd: number, file: string, piece: Buffer): void {
  try {
    for (let at = 0; at < piece.length; ) at += writeSync(fd, piece, at);
  } catch (error) {
    throw fileFailure('write a blob', file, error);
  }
}
