import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { TarEntry } from '../../../../ts/layer/tar/entry.ts';
import { TarReader } from '../../../../ts/layer/tar/reader.ts';
import { END_OF_ARCHIVE, encodeHeader, paddingAfter, type TarMember } from '../../../../ts/layer/tar/writer.ts';
import { describeWith } from '../../../support/requires.ts';

const MEMBER: TarMember = {
  ...{ type: 'file', name: 'file', linkName: '', mode: 0o644, uid: 0, gid: 0, mtime: 1_700_000_000, mtimeNsec: 0 },
  ...{ size: 0, major: 0, minor: 0, xattrs: [] },
};

function archive(members: readonly TarMember[]): Buffer {
  const parts = members.flatMap((member) => [
    encodeHeader(member),
    Buffer.alloc(member.size),
    paddingAfter(member.size),
  ]);
  return Buffer.concat([...parts, END_OF_ARCHIVE]);
}

/** What our own reader makes of it. */
function read(bytes: Buffer): TarEntry[] {
  const entries: TarEntry[] = [];
  const reader = new TarReader({ entry: (entry) => entries.push(entry), data: () => undefined, end: () => undefined });
  reader.push(bytes);
  reader.finish();
  return entries;
}

const name = fc.string({
  unit: fc.integer({ min: 1, max: 255 }).map((code) => String.fromCharCode(code)),
  minLength: 1,
});
const path = fc
  .array(name, { minLength: 1, maxLength: 6 })
  .map((parts) => parts.map((part) => part.replaceAll('/', '_')).join('/'))
  .filter((text) => text.length < 2000);

const member: fc.Arbitrary<TarMember> = fc
  .record({
    type: fc.constantFrom('file', 'directory', 'symlink', 'hardlink', 'character', 'block', 'fifo'),
    name: path,
    linkName: path,
    mode: fc.integer({ min: 0, max: 0o7777 }),
    uid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
    gid: fc.integer({ min: 0, max: 2 ** 32 - 2 }),
    mtime: fc.integer({ min: -(2 ** 36), max: 2 ** 36 }),
    mtimeNsec: fc.constantFrom(0, 1, 500_000_000, 999_999_999),
    size: fc.integer({ min: 0, max: 3000 }),
    major: fc.integer({ min: 0, max: 4095 }),
    minor: fc.integer({ min: 0, max: 0xfffff }),
    xattrs: fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('security.capability', 'user.ünï', 'trusted.x', 'user.a=b'.replace('=', '-')),
        value: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)),
      }),
      { selector: (xattr) => xattr.name },
    ),
  })
  .map((each) => {
    const isLink = each.type === 'symlink' || each.type === 'hardlink';
    const isDevice = each.type === 'character' || each.type === 'block';
    return {
      ...each,
      name: each.type === 'directory' ? `${each.name}/` : each.name.replace(/\/+$/, ''),
      linkName: isLink ? each.linkName : '',
      size: each.type === 'file' ? each.size : 0,
      ...(isDevice ? {} : { major: 0, minor: 0 }),
    };
  });

test('what is written is what is read', () => {
  fc.assert(
    fc.property(fc.array(member, { maxLength: 5 }), (members) => {
      const sorted = (entry: TarMember) => [...entry.xattrs].sort((a, b) => (a.name < b.name ? -1 : 1));
      const found = read(archive(members));
      expect(found.map((entry) => ({ ...entry, xattrs: sorted(entry) }))).toEqual(
        members.map((each) => ({ ...each, xattrs: sorted(each), stored: each.size, sparse: undefined })),
      );
    }),
    { numRuns: 300 },
  );
});

describe('a header', () => {
  const blocks = (changes: Partial<TarMember>) => encodeHeader({ ...MEMBER, ...changes }).length / 512;

  test('is one block where ustar has room', () => {
    expect(blocks({})).toBe(1);
    expect(blocks({ name: `${'d'.repeat(100)}/${'f'.repeat(100)}` })).toBe(1);
    expect(blocks({ uid: 2_097_151, mtime: 8_589_934_591, size: 8_589_934_591 })).toBe(1);
  });

  test.each<[string, Partial<TarMember>]>([
    ['a long name', { name: 'f'.repeat(101) }],
    ['a name that cannot be split', { name: `${'d'.repeat(156)}/f` }],
    ['a name that is not ASCII', { name: 'ü' }],
    ['a long link', { type: 'symlink', linkName: 'l'.repeat(101) }],
    ['a large owner', { uid: 2_097_152 }],
    ['a fraction of a second', { mtimeNsec: 1 }],
    ['a time before 1970', { mtime: -1 }],
    ['eight gibibytes', { size: 8_589_934_592 }],
    ['an attribute', { xattrs: [{ name: 'user.a', value: Buffer.from('b') }] }],
  ])('has records before it for %s', (_, changes) => {
    expect(blocks(changes)).toBe(3);
  });

  test('counts the digits of its record lengths right around every power of ten', () => {
    for (const length of [88, 89, 90, 91, 92, 985, 986, 987, 988, 989, 9980, 9990]) {
      const [entry] = read(archive([{ ...MEMBER, name: 'é'.repeat(length) }]));
      expect(entry?.name).toBe('é'.repeat(length));
    }
  });
});

describeWith({ commands: ['tar'] }, 'GNU tar', () => {
  test('lists the same', () => {
    const members: TarMember[] = [
      { ...MEMBER, name: 'dir/', type: 'directory', mode: 0o1755 },
      { ...MEMBER, name: 'dir/file', mode: 0o4755, size: 700, uid: 3_000_000 },
      { ...MEMBER, name: `dir/${'long'.repeat(40)}`, mtimeNsec: 123_456_789 },
      { ...MEMBER, name: 'link', type: 'symlink', linkName: 'dir/file' },
      { ...MEMBER, name: 'hard', type: 'hardlink', linkName: 'dir/file' },
      { ...MEMBER, name: 'null', type: 'character', major: 1, minor: 3 },
      { ...MEMBER, name: 'fifo', type: 'fifo' },
    ];
    const { stdout, stderr } = spawnSync('tar', ['--list', '--verbose', '--numeric-owner', '--utc', '--full-time'], {
      input: archive(members),
      encoding: 'utf8',
    });
    expect(stderr).toBe('');
    const columns = stdout.split('\n').map((line) => line.replace(/ +/g, ' '));
    expect(columns).toEqual([
      'drwxr-xr-t 0/0 0 2023-11-14 22:13:20 dir/',
      '-rwsr-xr-x 3000000/0 700 2023-11-14 22:13:20 dir/file',
      `-rw-r--r-- 0/0 0 2023-11-14 22:13:20.123456789 dir/${'long'.repeat(40)}`,
      'lrw-r--r-- 0/0 0 2023-11-14 22:13:20 link -> dir/file',
      'hrw-r--r-- 0/0 0 2023-11-14 22:13:20 hard link to dir/file',
      'crw-r--r-- 0/0 1,3 2023-11-14 22:13:20 null',
      'prw-r--r-- 0/0 0 2023-11-14 22:13:20 fifo',
      '',
    ]);
  });
});
