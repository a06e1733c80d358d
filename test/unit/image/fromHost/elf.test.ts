import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isRcxError } from '../../../../ts/errors.ts';
import { bufferSource } from '../../../../ts/image/fromHost/byteSource.ts';
import { isElf, readElf } from '../../../../ts/image/fromHost/elf.ts';
import { buildElf } from './elfBuilder.ts';

const read = (bytes: Buffer) => readElf(bufferSource(bytes), '/bin/test');

const FULL = {
  type: 2,
  interpreter: '/lib64/ld-linux-x86-64.so.2',
  needed: ['libone.so.1', 'libtwo.so'],
  soname: 'libself.so.3',
  runpath: '$ORIGIN/../lib:/opt/lib',
};

describe('readElf', () => {
  it.each([
    { bits: 64, littleEndian: true, machine: 62 },
    { bits: 64, littleEndian: false, machine: 22 },
    { bits: 32, littleEndian: true, machine: 3 },
    { bits: 32, littleEndian: false, machine: 20 },
  ] as const)('reads $bits bits, little endian $littleEndian', (abi) => {
    expect(read(buildElf({ ...FULL, ...abi }))).toEqual({
      ...FULL,
      ...abi,
      rpath: undefined,
      filters: [],
      noDefaultLib: false,
    });
  });

  it('takes a runpath before an rpath, as the loader ignores the latter then', () => {
    expect(read(buildElf({ rpath: '/old', runpath: '/new' }))).toMatchObject({ rpath: undefined, runpath: '/new' });
    expect(read(buildElf({ rpath: '/old' }))).toMatchObject({ rpath: '/old', runpath: undefined });
  });

  it('reads filters and flags', () => {
    const elf = read(buildElf({ filter: 'libreal.so', auxiliary: 'libfast.so', flags1: 0x800 }));
    expect(elf.noDefaultLib).toBe(true);
    expect(elf.filters).toEqual([
      { name: 'libreal.so', required: true },
      { name: 'libfast.so', required: false },
    ]);
  });

  it('reads a name longer than its first look at the string table', () => {
    const name = `lib${'x'.repeat(5000)}.so`;
    expect(read(buildElf({ needed: [name] })).needed).toEqual([name]);
  });

  it.each([
    ['an empty file', Buffer.alloc(0), 'not an ELF file'],
    ['text', Buffer.from('#!/bin/sh\necho this is no program\n'), 'not an ELF file'],
    ['an unknown class', patched({ 4: 7 }), 'unknown class 7'],
    ['an unknown byte order', patched({ 5: 0 }), 'unknown byte order 0'],
    ['an unknown version', patched({ 6: 9 }), 'unknown version 9'],
    ['a program header size of 1', patched({ 54: 1 }), 'program header size 1'],
    ['65535 program headers', patched({ 56: 0xff, 57: 0xff }), '65535 program headers'],
    ['headers beyond the end', patched({ 39: 0x7f }), 'truncated: program headers'],
    ['a string outside of the file', buildElf({ needed: ['x'] }).subarray(0, -3), 'truncated: dynamic string'],
    ['a string without an end', buildElf({ needed: ['x'] }).subarray(0, -1), 'is not terminated'],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => read(bytes)).toThrow(message);
    expect(() => read(bytes)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_ELF', path: '/bin/test' }));
  });

  it('refuses every truncation, or reads what is whole', () => {
    const whole = buildElf(FULL);
    for (let length = 0; length < whole.length; length++) onlyInvalid(whole.subarray(0, length));
  });

  it('survives damage at any place', () => {
    const whole = buildElf(FULL);
    const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(damage, (bytes) => onlyInvalid(patched(Object.fromEntries(bytes)))),
      { numRuns: 2000 },
    );
  });
});

it('tells ELF files by their first bytes', () => {
  expect(isElf(bufferSource(buildElf()))).toBe(true);
  expect(isElf(bufferSource(Buffer.from('ELF')))).toBe(false);
});

function patched(changes: Record<number, number>): Buffer {
  const bytes = buildElf(FULL);
  for (const [at, value] of Object.entries(changes)) bytes[Number(at)] = value;
  return bytes;
}

/** Hostile bytes may be read as something; where they are not, it has to be the one clean error. */
function onlyInvalid(bytes: Buffer): void {
  try {
    read(bytes);
  } catch (error) {
    if (!isRcxError(error, 'ERR_RCX_INVALID_ELF')) throw error;
  }
}
