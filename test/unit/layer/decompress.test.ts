import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { decompress } from '../../../ts/layer/decompress.ts';
import { describeWith } from '../../support/requires.ts';

const CONTENT = Buffer.concat([randomBytes(100_000), Buffer.alloc(3_000_000, 'rcx '), randomBytes(5000)]);

async function* inPieces(content: Buffer, size: number): AsyncGenerator<Buffer> {
  for (let at = 0; at < content.length; at += size) yield content.subarray(at, at + size);
}

async function run(compressed: Buffer, pieces = 70_000): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of decompress(inPieces(compressed, pieces))) chunks.push(chunk);
  return Buffer.concat(chunks);
}

const damaged = (compression: string) => ({
  code: 'ERR_RCX_LAYER_INVALID',
  message: expect.stringContaining(`its ${compression} data is damaged`),
});

describe('plain', () => {
  test.each([CONTENT, Buffer.alloc(0), Buffer.from('abc'), Buffer.alloc(1024)])('comes through', async (content) => {
    expect((await run(content, 100_000)).equals(content)).toBe(true);
  });

  test('arriving byte by byte', async () => {
    const content = CONTENT.subarray(0, 500);
    expect((await run(content, 1)).equals(content)).toBe(true);
  });
});

describe('gzip', () => {
  test('one member, several members, and a first piece too short to tell', async () => {
    expect((await run(gzipSync(CONTENT))).equals(CONTENT)).toBe(true);
    const [a, b] = [CONTENT.subarray(0, 90_000), CONTENT.subarray(90_000)];
    expect((await run(Buffer.concat([gzipSync(a), gzipSync(b)]))).equals(CONTENT)).toBe(true);
    expect((await run(gzipSync(a), 1)).equals(a)).toBe(true);
  });

  test('an empty one', async () => {
    expect(await run(gzipSync(Buffer.alloc(0)))).toHaveLength(0);
  });

  test('cut short or damaged it is an error', async () => {
    const gzip = gzipSync(CONTENT);
    await expect(run(gzip.subarray(0, -9))).rejects.toMatchObject(damaged('gzip'));
    await expect(run(gzip.subarray(0, 12))).rejects.toMatchObject(damaged('gzip'));
    const flipped = Buffer.from(gzip);
    flipped[50_000] = 0xff ^ (flipped[50_000] ?? 0);
    await expect(run(flipped)).rejects.toMatchObject(damaged('gzip'));
  });

  test('an error of the source is passed on as it is', async () => {
    const failure = new Error('connection reset');
    async function* broken() {
      yield gzipSync(CONTENT).subarray(0, 5000);
      throw failure;
    }
    const consume = async () => {
      for await (const _ of decompress(broken()));
    };
    await expect(consume()).rejects.toBe(failure);
  });

  test('the source is closed when the consumer stops early', async () => {
    let closed = false;
    async function* source() {
      try {
        yield* inPieces(gzipSync(CONTENT), 1000);
      } finally {
        closed = true;
      }
    }
    for await (const _ of decompress(source())) break;
    await new Promise((resolve) => setImmediate(resolve));
    expect(closed).toBe(true);
  });
});

describeWith({ commands: ['zstd'] }, 'zstd', () => {
  const zstd = (content: Buffer, ...options: string[]) =>
    execFileSync('zstd', ['--stdout', ...options], { input: content, maxBuffer: 1 << 26 });

  test.each([['-3'], ['-19'], ['--fast=5'], ['-3', '--no-check'], ['-3', '--long=27']])('%j', async (...options) => {
    expect((await run(zstd(CONTENT, ...options))).equals(CONTENT)).toBe(true);
  });

  test('several frames, and frames to be skipped before, between and after', async () => {
    const skipped = Buffer.from([0x50, 0x2a, 0x4d, 0x18, 3, 0, 0, 0, 1, 2, 3]);
    const [a, b] = [CONTENT.subarray(0, 90_000), CONTENT.subarray(90_000)];
    const frames = Buffer.concat([skipped, zstd(a), skipped, zstd(b), skipped]);
    for (const pieces of [frames.length, 70_000, 997]) expect((await run(frames, pieces)).equals(CONTENT)).toBe(true);
  });

  test('cut short it is an error', async () => {
    const compressed = zstd(CONTENT);
    for (const length of [compressed.length - 1, compressed.length - 2000, 50_000, 20]) {
      await expect(run(compressed.subarray(0, length)), `${length} bytes`).rejects.toMatchObject(damaged('zstd'));
    }
  });
});
