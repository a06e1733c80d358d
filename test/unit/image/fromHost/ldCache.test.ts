import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatLdCache, type LdCacheEntry, parseLdCache } from '../../../../ts/image/fromHost/ldCache.ts';

const ENTRIES: LdCacheEntry[] = [
  { soname: 'libz.so.1', path: '/lib/x86_64-linux-gnu/libz.so.1', flags: 0x0303, hwcap: 0n },
  { soname: 'libc.so.6', path: '/lib/x86_64-linux-gnu/libc.so.6', flags: 0x0303, hwcap: 0n },
];

/** The old format, whose strings begin right behind its table. */
function oldFormat(entries: LdCacheEntry[]): Buffer {
  const head = Buffer.alloc(16 + entries.length * 12);
  head.write('ld.so-1.7.0');
  head.writeUInt32LE(entries.length, 12);
  let strings = '';
  entries.forEach((entry, index) => {
    head.writeUInt32LE(entry.flags, 16 + index * 12);
    for (const [column, text] of [entry.soname, entry.path].entries()) {
      head.writeUInt32LE(strings.length, 20 + index * 12 + column * 4);
      strings += `${text}\0`;
    }
  });
  return Buffer.concat([head, Buffer.from(strings)]);
}

describe('parseLdCache', () => {
  it('reads what it writes, in either byte order', () => {
    expect(parseLdCache(formatLdCache(ENTRIES))).toEqual(ENTRIES);
    expect(parseLdCache(formatLdCache(ENTRIES, false))).toEqual(ENTRIES);
  });

  it('reads the old format', () => {
    expect(parseLdCache(oldFormat(ENTRIES))).toEqual(ENTRIES);
  });

  it.each([1, 2])('prefers the new format behind an old one of %d entries, aligned to 8', (count) => {
    const old = oldFormat(Array.from({ length: count }, () => ({ ...ENTRIES[0], path: '/old' }) as LdCacheEntry));
    const table = old.subarray(0, 16 + count * 12);
    const padding = Buffer.alloc((8 - (table.length % 8)) % 8);
    expect(parseLdCache(Buffer.concat([table, padding, formatLdCache(ENTRIES)]))).toEqual(ENTRIES);
  });

  it('keeps the mark of variants for some processors', () => {
    const bytes = formatLdCache(ENTRIES);
    bytes.writeBigUInt64LE(1n << 62n, 48 + 16);
    expect(parseLdCache(bytes).map((entry) => entry.hwcap)).toEqual([1n << 62n, 0n]);
  });

  it.each([
    ['nothing', Buffer.alloc(0)],
    ['another file', Buffer.from('root:x:0:0:root:/root:/bin/sh\n')],
    ['a header cut short', formatLdCache(ENTRIES).subarray(0, 30)],
    ['a table cut short', formatLdCache(ENTRIES).subarray(0, 60)],
    ['an old header cut short', oldFormat(ENTRIES).subarray(0, 13)],
    ['an old table cut short', oldFormat(ENTRIES).subarray(0, 20)],
  ])('takes %s for an empty cache', (_, bytes) => {
    expect(parseLdCache(bytes)).toEqual([]);
  });

  it('passes over entries whose strings lie outside, or are no absolute path', () => {
    const bytes = formatLdCache([...ENTRIES, { soname: 'libx.so', path: 'relative', flags: 0, hwcap: 0n }]);
    bytes.writeUInt32LE(0xffff_fff0, 48 + 4);
    expect(parseLdCache(bytes)).toEqual([ENTRIES[1]]);
  });

  it('survives damage at any place', () => {
    const length = formatLdCache(ENTRIES).length;
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(length - 1), fc.nat(255))), fc.nat(length), (changes, end) => {
        const bytes = formatLdCache(ENTRIES);
        for (const [at, value] of changes) bytes[at] = value;
        for (const entry of parseLdCache(bytes.subarray(0, end))) expect(entry.path.startsWith('/')).toBe(true);
      }),
    );
  });
});
