/** How something is compressed, as far as that can be told. */
export type Compression = 'none' | 'gzip' | 'zstd' | 'bzip2' | 'xz';

const MAGIC: readonly (readonly [Compression, Buffer])[] = [
  ['gzip', Buffer.from([0x1f, 0x8b, 8])],
  ['zstd', Buffer.from([0x28, 0xb5, 0x2f, 0xfd])],
  ['xz', Buffer.from([0xfd, 0x37, 0x7a, 0x58, 0x5a, 0])],
];
/** Its three letters alone, which docker goes by, may begin the name of a file in an archive. */
const BZIP2 = /^BZh[1-9]1AY&SY/;
/** RFC 8878, section 3.1.2: the first byte is any of sixteen. */
const SKIPPABLE_FRAME = Buffer.from([0x2a, 0x4d, 0x18]);

/** So many bytes {@link compressionOf} wants to see. */
export const MAGIC_LENGTH = 10;

/** Tells by the first bytes, as docker does: neither names nor media types are to be relied on. */
export function compressionOf(head: Buffer): Compression {
  const found = MAGIC.find(([, magic]) => head.subarray(0, magic.length).equals(magic));
  if (found !== undefined) return found[0];
  if (BZIP2.test(head.toString('latin1', 0, MAGIC_LENGTH))) return 'bzip2';
  const isSkippable = ((head[0] ?? 0) & 0xf0) === 0x50 && head.subarray(1, 4).equals(SKIPPABLE_FRAME);
  return isSkippable ? 'zstd' : 'none';
}
