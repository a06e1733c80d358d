import { execFileSync } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32, gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../../ts/layer/limits.ts';
import { sinkOptions } from '../../../ts/layer/privilege.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';
import { unpackBlob } from '../../support/unpacking.ts';

const scratch = scratchDirectory();
const CONTENT = Buffer.concat([randomBytes(100_000), Buffer.alloc(3_000_000, 'rcx '), randomBytes(5000)]);
const ARCHIVE = new TarBuilder().file('content', CONTENT).build();

/** Unpacks a blob as the layer whose archive is {@link ARCHIVE}, and returns what is in its file. */
function unpack(blob: Buffer, archive: Buffer = ARCHIVE): Buffer {
  const directory = mkdtempSync(join(scratch, 'layer-'));
  const diffId = `sha256:${createHash('sha256').update(archive).digest('hex')}` as const;
  unpackBlob({ diffId, directory, sink: sinkOptions(), limits: DEFAULT_LIMITS }, blob);
  return readFileSync(join(directory, 'content'));
}

const expectContent = (blob: Buffer) => expect(unpack(blob).equals(CONTENT)).toBe(true);

const expectDamaged = (blob: Buffer, compression: string) =>
  expect(() => unpack(blob)).toThrow(
    expect.objectContaining({
      code: 'ERR_RCX_LAYER_INVALID',
      message: expect.stringContaining(`its ${compression} data is damaged`),
    }),
  );

test('an archive that is not compressed', () => expectContent(ARCHIVE));

describe('gzip', () => {
  test.each([0, 1, 6, 9])('of level %i', (level) => expectContent(gzipSync(ARCHIVE, { level })));

  test('of several members, empty ones among them', () => {
    const cuts = [0, 1, 90_000, 90_000, ARCHIVE.length];
    const members = cuts.slice(1).map((end, at) => gzipSync(ARCHIVE.subarray(cuts[at], end)));
    expectContent(Buffer.concat(members));
  });

  test('of a member for every block, as stargz has one for every file', () => {
    const archive = new TarBuilder().file('content', randomBytes(300_000)).build();
    const members: Buffer[] = [];
    for (let at = 0; at < archive.length; at += 512) members.push(gzipSync(archive.subarray(at, at + 512)));
    expect(unpack(Buffer.concat(members), archive).equals(archive.subarray(512, 300_512))).toBe(true);
  });

  test('with every optional field in its header', () => {
    const plain = gzipSync(ARCHIVE);
    const header = Buffer.concat([
      Buffer.from([0x1f, 0x8b, 8, 0b11110, 0, 0, 0, 0, 0, 255]),
      Buffer.from([5, 0]),
      Buffer.from('extra'),
      Buffer.from('name\0comment\0'),
    ]);
    const checksum = Buffer.alloc(2);
    checksum.writeUInt16LE(crcOf(header) & 0xffff);
    expectContent(Buffer.concat([header, checksum, plain.subarray(10)]));
  });

  test('cut short', () => {
    const gzip = gzipSync(ARCHIVE);
    for (const length of [1, 8, 9, 2000, gzip.length - 12]) expectDamaged(gzip.subarray(0, -length), 'gzip');
  });

  test('followed by what is no member, which Go refuses as well', () => {
    for (const rest of [Buffer.alloc(1), Buffer.alloc(512), Buffer.from('rubbish')]) {
      expectDamaged(Buffer.concat([gzipSync(ARCHIVE), rest]), 'gzip');
    }
  });

  test('with a wrong length', () => {
    const gzip = gzipSync(ARCHIVE);
    gzip.writeUInt32LE(ARCHIVE.length + 1, gzip.length - 4);
    expectDamaged(gzip, 'gzip');
  });

  test('that refers to what was before its member', () => {
    // A block with fixed codes: a match of three bytes at distance one, where nothing has been yet.
    const reference = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 255, 0x03, 0x02, 0, 0, 0, 0, 0, 0, 3, 0, 0, 0]);
    expectDamaged(Buffer.concat([gzipSync(ARCHIVE.subarray(0, -3)), reference]), 'gzip');
  });
});

describeWith({ commands: ['zstd'] }, 'zstd', () => {
  const zstd = (content: Buffer, ...options: string[]) =>
    execFileSync('zstd', ['--stdout', ...options], { input: content, maxBuffer: 1 << 26 });

  test.each([['-3'], ['-19'], ['--fast=5'], ['-3', '--no-check'], ['-3', '--long=27']])('%j', (...options) => {
    expectContent(zstd(ARCHIVE, ...options));
  });

  test('several frames, and frames to be skipped before, between and after', () => {
    const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const [a, b] = [ARCHIVE.subarray(0, 90_000), ARCHIVE.subarray(90_000)];
    expectContent(Buffer.concat([skipped, zstd(a), skipped, zstd(b), skipped]));
  });

  test('cut short', () => {
    const blob = zstd(ARCHIVE);
    for (const length of [1, 2000, blob.length - 20]) expectDamaged(blob.subarray(0, -length), 'zstd');
  });

  test('with a window that no memory should be given', () => {
    expectDamaged(zstd(ARCHIVE, '--ultra', '--long=30'), 'zstd');
  });
});

/** `zlib.crc32` is in Node from 22.2 on. */
function crcOf(bytes: Buffer): number {
  if (crc32 !== undefined) return crc32(bytes);
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}
