import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { errnoOf } from './hostError.ts';

/** Random access to the bytes of one file, so that a reader touches the few pages it needs and not the whole file. */
export interface ByteSource {
  /** Length in bytes. */
  readonly size: number;
  /** Exactly `length` bytes at `offset`, or `undefined` where the file has fewer. */
  read(offset: number, length: number): Buffer | undefined;
}

export function bufferSource(bytes: Buffer): ByteSource {
  return {
    size: bytes.length,
    read: (offset, length) =>
      isRange(offset, length, bytes.length) ? bytes.subarray(offset, offset + length) : undefined,
  };
}

/** Opens `path`, hands its bytes to `use` and closes it again. */
export function withFileSource<T>(path: string, use: (source: ByteSource) => T): T {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    throw errnoOf(error, 'read a host file', path);
  }
  try {
    const { size } = fstatSync(fd);
    return use({ size, read: (offset, length) => readFully(fd, offset, length, size) });
  } finally {
    closeSync(fd);
  }
}

function readFully(fd: number, offset: number, length: number, size: number): Buffer | undefined {
  if (!isRange(offset, length, size)) return undefined;
  const bytes = Buffer.allocUnsafe(length);
  let done = 0;
  while (done < length) {
    const count = readSync(fd, bytes, done, length - done, offset + done);
    if (count === 0) return undefined;
    done += count;
  }
  return bytes;
}

function isRange(offset: number, length: number, size: number): boolean {
  return Number.isSafeInteger(offset) && offset >= 0 && length >= 0 && offset + length <= size;
}
