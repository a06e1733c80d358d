import { type ByteString, invalidLayer } from '../errors.ts';

/** Every header and every piece of content fills whole blocks. */
export const BLOCK = 512;

/** One header block as it stands, before PAX records and GNU long names are applied. */
export interface TarHeader {
  /** The type flag, one byte; `\0` is an old regular file. */
  type: ByteString;
  name: ByteString;
  linkName: ByteString;
  mode: number;
  uid: number;
  gid: number;
  /** As written: also of types that have no content. */
  size: number;
  /** Whole seconds; negative before 1970. */
  mtime: number;
  major: number;
  minor: number;
  gnu: boolean;
}

const [NAME, MODE, UID, GID, SIZE, MTIME, CHECKSUM, TYPE, LINK] = [0, 100, 108, 116, 124, 136, 148, 156, 157];
const [MAGIC, MAJOR, MINOR, PREFIX, TRAILER] = [257, 329, 337, 345, 508];

/** Whether the block is all zeros: two of them end an archive. */
export function isZeroBlock(block: Buffer, at: number): boolean {
  for (let i = at; i < at + BLOCK; i += 4) if (block.readInt32LE(i) !== 0) return false;
  return true;
}

/**
 * Reads the header block at `at`, in any of the formats V7, ustar, star, GNU and PAX. Where implementations differ this
 * follows Go's archive/tar, which all other container tools are built on: two readings of one archive are an attack.
 */
export function readHeader(block: Buffer, at: number): TarHeader {
  // Nothing in it is worth showing then, its name included.
  if (!checksumMatches(block, at)) throw invalidLayer('the archive is damaged: a header has a wrong checksum');
  const name = bytes(block, at + NAME, 100);
  const magic = block.toString('latin1', at + MAGIC, at + MAGIC + 8);
  const gnu = magic === 'ustar  \0';
  const ustar = magic === 'ustar\x0000';
  const number = (field: number, length: number) => readNumber(block, at + field, length, name);
  return {
    type: block.toString('latin1', at + TYPE, at + TYPE + 1),
    name: withPrefix(name, ustar || gnu ? readPrefix(block, at, gnu) : ''),
    linkName: bytes(block, at + LINK, 100),
    mode: number(MODE, 8),
    uid: number(UID, 8),
    gid: number(GID, 8),
    size: number(SIZE, 12),
    mtime: number(MTIME, 12),
    major: gnu || ustar ? number(MAJOR, 8) : 0,
    minor: gnu || ustar ? number(MINOR, 8) : 0,
    gnu,
  };
}

/**
 * A numeric field: octal digits, or, where the first bit is set, a big-endian two's complement number ("base-256"),
 * which is how user IDs above 2 097 151 and sizes above 8 GiB are written.
 */
export function readNumber(block: Buffer, at: number, length: number, name: ByteString): number {
  if ((block[at] ?? 0) & 0x80) return readBase256(block, at, length, name);
  const value = readOctal(block, at, length);
  if (value === undefined) throw invalidLayer('the archive is damaged: a header field is not a number', name);
  return value;
}

/** Octal digits between spaces and NULs, all of them optional. */
function readOctal(block: Buffer, at: number, length: number): number | undefined {
  const end = at + length;
  let i = at;
  while (i < end && isBlank(block[i])) i++;
  let value = 0;
  for (; i < end && !isBlank(block[i]); i++) {
    const digit = (block[i] ?? 0) - 0x30;
    if (digit < 0 || digit > 7) return undefined;
    value = value * 8 + digit;
  }
  for (; i < end && block[i] !== 0; i++) if (block[i] !== 0x20) return undefined;
  return value;
}

function isBlank(byte: number | undefined): boolean {
  return byte === 0x20 || byte === 0;
}

function readBase256(block: Buffer, at: number, length: number, name: ByteString): number {
  const negative = ((block[at] ?? 0) & 0x40) !== 0;
  let value = BigInt((block[at] ?? 0) & 0x7f) - (negative ? 0x80n : 0n);
  for (let i = at + 1; i < at + length; i++) value = value * 256n + BigInt(block[i] ?? 0);
  const number = Number(value);
  if (!Number.isSafeInteger(number)) throw invalidLayer('a number in the header is too large', name);
  return number;
}

/** The sum of all bytes with the checksum field read as spaces; some old programs summed signed bytes. */
function checksumMatches(block: Buffer, at: number): boolean {
  const written = readOctal(block, at + CHECKSUM, 8);
  const sum = sumOf(block, at, 255);
  return written === sum || written === sumOf(block, at, 127);
}

/** @param largest bytes above it count as negative */
function sumOf(block: Buffer, at: number, largest: number): number {
  let sum = 8 * 0x20;
  for (let i = at; i < at + BLOCK; i++) {
    if (i === at + CHECKSUM) i += 8;
    const byte = block[i] as number;
    sum += byte > largest ? byte - 256 : byte;
  }
  return sum;
}

function readPrefix(block: Buffer, at: number, gnu: boolean): ByteString {
  if (gnu) return oldGoPrefix(block, at);
  const star = block.toString('latin1', at + TRAILER, at + TRAILER + 4) === 'tar\0';
  return bytes(block, at + PREFIX, star ? 131 : 155);
}

/**
 * GNU headers have times where ustar has a prefix; Go before 1.8 wrote a prefix there all the same. Its images are still
 * about: what is neither empty nor a number is such a prefix.
 */
function oldGoPrefix(block: Buffer, at: number): ByteString {
  const first = block[at + PREFIX] ?? 0;
  if (first === 0 || first & 0x80) return '';
  if (/^[0-7 \0]*$/.test(block.toString('latin1', at + PREFIX, at + PREFIX + 24))) return '';
  const prefix = bytes(block, at + PREFIX, 155);
  return Array.from(prefix).every((character) => character < '\x80') ? prefix : '';
}

function withPrefix(name: ByteString, prefix: ByteString): ByteString {
  return prefix === '' ? name : `${prefix}/${name}`;
}

/** A field that ends at its first NUL or with its length. */
function bytes(block: Buffer, at: number, length: number): ByteString {
  let end = at;
  while (end < at + length && block[end] !== 0) end++;
  return block.toString('latin1', at, end);
}
