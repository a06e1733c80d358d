import { RcxError } from '../../errors.ts';
import type { ByteSource } from './byteSource.ts';

/** One program header. */
export interface Segment {
  type: number;
  offset: number;
  address: number;
  fileSize: number;
}

export function invalidElf(path: string, why: string): RcxError {
  return new RcxError(`read ELF file: ${path}: ${why}`, {
    code: 'ERR_RCX_INVALID_ELF',
    step: 'read ELF file',
    path,
    hint: 'the file is damaged or not a Linux program; leave it out or install it again.',
  });
}

const FIRST_WINDOW = 256;

/** Bounds-checked reads in the class and byte order of one ELF file. */
export class ElfReader {
  constructor(
    readonly source: ByteSource,
    readonly path: string,
    readonly bits: 32 | 64,
    readonly littleEndian: boolean,
  ) {}

  /** `length` bytes at a file offset; `what` is named in the error where the file is too short. */
  bytes(offset: number, length: number, what: string): Buffer {
    const bytes = this.source.read(offset, length);
    if (bytes === undefined) throw invalidElf(this.path, `truncated: ${what}`);
    return bytes;
  }

  u16(bytes: Buffer, at: number): number {
    return this.littleEndian ? bytes.readUInt16LE(at) : bytes.readUInt16BE(at);
  }

  u32(bytes: Buffer, at: number): number {
    return this.littleEndian ? bytes.readUInt32LE(at) : bytes.readUInt32BE(at);
  }

  /**
   * An address, offset or size: 4 or 8 bytes by class. Values above 2^53 lose their low bits here; they lie beyond any file,
   * and so fail the bounds check of the read that uses them.
   */
  word(bytes: Buffer, at: number): number {
    if (this.bits === 32) return this.u32(bytes, at);
    return Number(this.littleEndian ? bytes.readBigUInt64LE(at) : bytes.readBigUInt64BE(at));
  }

  /** A NUL-terminated string of at most `limit` bytes at a file offset. */
  text(offset: number, limit: number, what: string): string {
    const available = Math.min(limit, Math.max(0, this.source.size - offset));
    for (let window = FIRST_WINDOW; ; window *= 8) {
      const bytes = this.bytes(offset, Math.min(window, available), what);
      const end = bytes.indexOf(0);
      if (end >= 0) return bytes.toString('utf8', 0, end);
      if (window >= available) throw invalidElf(this.path, `${what} is not terminated`);
    }
  }
}
