/** One line of `ldconfig -p`. */
export interface LdCacheEntry {
  soname: string;
  path: string;
  /** Library type and ABI, as glibc's `dl-cache.h` numbers them. */
  flags: number;
  /** Not 0 for a variant that only some processors load (`glibc-hwcaps/x86-64-v3/…`). */
  hwcap: bigint;
}

const OLD_MAGIC = 'ld.so-1.7.0';
const OLD_HEADER = 16;
const OLD_ENTRY = 12;
const NEW_MAGIC = 'glibc-ld.so.cache1.1';
const NEW_HEADER = 48;
const NEW_ENTRY = 24;
const FLAG_LITTLE_ENDIAN = 2;
const FLAG_BIG_ENDIAN = 3;

/**
 * Reads `/etc/ld.so.cache` in each of its three shapes: the new format, the old one, and the new one behind the old one. A
 * damaged cache, or a damaged entry, counts as absent: that is what the loader itself makes of it.
 */
export function parseLdCache(bytes: Buffer): LdCacheEntry[] {
  if (startsWith(bytes, NEW_MAGIC)) return parseNew(bytes);
  if (!startsWith(bytes, OLD_MAGIC) || bytes.length < OLD_HEADER) return [];
  const end = OLD_HEADER + bytes.readUInt32LE(12) * OLD_ENTRY;
  const behind = [4, 8]
    .map((alignment) => bytes.subarray(Math.ceil(end / alignment) * alignment))
    .find((rest) => startsWith(rest, NEW_MAGIC));
  return behind ? parseNew(behind) : parseOld(bytes, end);
}

/**
 * Writes a cache of the new format. The loader searches it by halving, in an order of its own: `entries` must be in the
 * order of the cache they came from (leaving some out keeps it). Variants for some processors only cannot be written.
 */
export function formatLdCache(entries: LdCacheEntry[], littleEndian = true): Buffer {
  const table = NEW_HEADER + entries.length * NEW_ENTRY;
  const strings: Buffer[] = [];
  let end = table;
  const place = (text: string) => {
    const at = end;
    const bytes = Buffer.from(`${text}\0`);
    strings.push(bytes);
    end += bytes.length;
    return at;
  };
  const head = Buffer.alloc(table);
  const u32 = (value: number, at: number) =>
    littleEndian ? head.writeUInt32LE(value, at) : head.writeUInt32BE(value, at);
  head.write(NEW_MAGIC, 0, 'latin1');
  for (const [index, entry] of entries.entries()) {
    const at = NEW_HEADER + index * NEW_ENTRY;
    u32(entry.flags, at);
    u32(place(entry.soname), at + 4);
    u32(place(entry.path), at + 8);
  }
  u32(entries.length, 20);
  u32(end - table, 24);
  head[28] = littleEndian ? FLAG_LITTLE_ENDIAN : FLAG_BIG_ENDIAN;
  return Buffer.concat([head, ...strings]);
}

function parseNew(bytes: Buffer): LdCacheEntry[] {
  if (bytes.length < NEW_HEADER) return [];
  const big = bytes[28] === FLAG_BIG_ENDIAN;
  const u32 = (at: number) => (big ? bytes.readUInt32BE(at) : bytes.readUInt32LE(at));
  const count = u32(20);
  if (NEW_HEADER + count * NEW_ENTRY > bytes.length) return [];
  return readTable(bytes, count, (index) => {
    const at = NEW_HEADER + index * NEW_ENTRY;
    const hwcap = big ? bytes.readBigUInt64BE(at + 16) : bytes.readBigUInt64LE(at + 16);
    return { flags: u32(at), key: u32(at + 4), value: u32(at + 8), hwcap };
  });
}

/** The old format has no mark for its byte order: only little-endian machines are looked at. */
function parseOld(bytes: Buffer, strings: number): LdCacheEntry[] {
  if (strings > bytes.length) return [];
  return readTable(bytes, (strings - OLD_HEADER) / OLD_ENTRY, (index) => {
    const at = OLD_HEADER + index * OLD_ENTRY;
    const text = (offset: number) => strings + bytes.readUInt32LE(offset);
    return { flags: bytes.readUInt32LE(at), key: text(at + 4), value: text(at + 8), hwcap: 0n };
  });
}

type RawEntry = { flags: number; key: number; value: number; hwcap: bigint };

function readTable(bytes: Buffer, count: number, entry: (index: number) => RawEntry): LdCacheEntry[] {
  const found: LdCacheEntry[] = [];
  for (let index = 0; index < count; index++) {
    const { flags, key, value, hwcap } = entry(index);
    const [soname, path] = [textAt(bytes, key), textAt(bytes, value)];
    if (soname && path?.startsWith('/')) found.push({ soname, path, flags, hwcap });
  }
  return found;
}

function textAt(bytes: Buffer, at: number): string | undefined {
  const end = at < bytes.length ? bytes.indexOf(0, at) : -1;
  return end < 0 ? undefined : bytes.toString('utf8', at, end);
}

function startsWith(bytes: Buffer, magic: string): boolean {
  return bytes.toString('latin1', 0, magic.length) === magic;
}
