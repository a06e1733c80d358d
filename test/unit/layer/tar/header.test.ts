import * as fc from 'fast-check';
import { Header } from 'tar';
import { describe, expect, test } from 'vitest';
import { isZeroBlock, readHeader, readNumber } from '../../../../ts/layer/tar/header.ts';
import { TarBuilder } from '../../../support/tarBuilder.ts';

const header = (member: Parameters<TarBuilder['add']>[0]) => readHeader(new TarBuilder().add(member).unfinished(), 0);
const field = (bytes: string | number[]) =>
  Buffer.from(typeof bytes === 'string' ? [...Buffer.from(bytes, 'latin1')] : bytes);

describe('numbers', () => {
  test.each([
    ['0000644\0', 0o644],
    ['000644 \0', 0o644],
    ['    644 ', 0o644],
    ['\0\0\0\0\0\0\0\0', 0],
    ['        ', 0],
    ['77777777', 0o77777777],
    ['12\0garbage', 0o12],
  ])('octal %j is %d', (text, value) => {
    expect(readNumber(field(text), 0, 8, 'entry')).toBe(value);
  });

  test.each([
    [[0x80, 0, 0, 0, 0, 0, 0, 1], 1],
    [[0x80, 0, 0, 0, 0xb2, 0xd0, 0x5e, 0x00], 3_000_000_000],
    [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], -1],
    [[0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xfe, 0x00], -512],
    [[0x80, 0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], Number.MAX_SAFE_INTEGER],
  ])('base-256 %j is %d', (bytes, value) => {
    expect(readNumber(field(bytes), 0, 8, 'entry')).toBe(value);
  });

  test.each(['00009\0\0\0', '1 2     ', '-1\0\0\0\0\0\0', '0x1f\0\0\0\0'])('%j is none', (text) => {
    expect(() => readNumber(field(text), 0, 8, 'entry')).toThrow(/entry: the archive is damaged/);
  });

  test('one that JavaScript cannot hold is refused, not rounded', () => {
    expect(() => readNumber(field([0x80, 0x20, 0, 0, 0, 0, 0, 1]), 0, 8, 'entry')).toThrow(/too large/);
  });
});

describe('names', () => {
  test('fill their field without an end', () => {
    expect(header({ name: 'n'.repeat(100) }).name).toBe('n'.repeat(100));
  });

  test('have a prefix in ustar, of 131 bytes in star', () => {
    const prefix = 'p'.repeat(155);
    expect(header({ name: 'n', prefix }).name).toBe(`${prefix}/n`);
    const star = { name: 'n', prefix, patch: [{ at: 508, bytes: Buffer.from('tar\0') }] };
    expect(header(star).name).toBe(`${'p'.repeat(131)}/n`);
  });

  test('have none in V7 and GNU headers, where other things stand in its place', () => {
    expect(header({ name: 'n', format: 'v7', patch: [{ at: 345, bytes: Buffer.from('prefix') }] }).name).toBe('n');
    expect(header({ name: 'n', format: 'gnu', prefix: '14277304710\x0014277304710\0' }).name).toBe('n');
  });

  test('have one in GNU headers all the same when Go before 1.8 wrote them', () => {
    expect(header({ name: 'n', format: 'gnu', prefix: 'usr/lib/go' }).name).toBe('usr/lib/go/n');
  });

  test('are bytes', () => {
    expect(header({ name: Buffer.from([0xff, 0x80]) }).name).toBe('\xff\x80');
  });
});

describe('device numbers', () => {
  test.each(['ustar', 'gnu'] as const)('are read from %s headers', (format) => {
    expect(header({ name: 'n', format, major: 8, minor: 1 })).toMatchObject({ major: 8, minor: 1 });
  });
});

describe('zero blocks', () => {
  test('are those without any bit', () => {
    const block = Buffer.alloc(512);
    expect(isZeroBlock(block, 0)).toBe(true);
    for (const at of [0, 257, 511]) {
      block[at] = 0x80;
      expect(isZeroBlock(block, 0)).toBe(false);
      block[at] = 0;
    }
  });
});

test('every header that tar writes is read as tar itself reads it', () => {
  const any = fc.record({
    path: fc.stringMatching(/^[a-z]{1,60}(\/[a-z]{1,30}){0,3}$/),
    mode: fc.nat(0o7777),
    uid: fc.nat(5_000_000),
    gid: fc.nat(5_000_000),
    size: fc.nat(2 ** 40),
    mtime: fc.nat(2 ** 33).map((seconds) => new Date(seconds * 1000)),
    type: fc.constantFrom('File' as const, 'SymbolicLink' as const, 'Link' as const, 'CharacterDevice' as const),
    linkpath: fc.stringMatching(/^[a-z]{0,99}$/),
    devmaj: fc.nat(0o777777),
    devmin: fc.nat(0o777777),
  });
  fc.assert(
    fc.property(any, (fields) => {
      const written = new Header(fields);
      written.encode();
      const block = written.block ?? Buffer.alloc(0);
      const theirs = new Header(block);
      const ours = readHeader(block, 0);
      expect(ours).toMatchObject({
        name: theirs.path,
        mode: theirs.mode,
        uid: theirs.uid,
        gid: theirs.gid,
        size: theirs.size,
        mtime: (theirs.mtime?.getTime() ?? 0) / 1000,
        linkName: theirs.linkpath,
        major: theirs.devmaj,
        minor: theirs.devmin,
        type: theirs.typeKey,
      });
    }),
  );
});
