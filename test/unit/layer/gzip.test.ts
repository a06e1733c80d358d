import { randomBytes } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { gzipBlocks } from '../../../ts/layer/gzip.ts';

const MIB = 1024 * 1024;

async function compress(pieces: Iterable<Buffer>): Promise<Buffer> {
  const members: Buffer[] = [];
  for await (const member of gzipBlocks(pieces)) members.push(member);
  return Buffer.concat(members);
}

function* cut(whole: Buffer, length: number): Generator<Buffer> {
  for (let at = 0; at < whole.length; at += length) yield whole.subarray(at, at + length);
}

describe('a compressed archive', () => {
  it.each([0, 1, 1000, MIB - 1, MIB, MIB + 1, 5 * MIB + 17])('of %i bytes is a gzip file of them', async (length) => {
    const whole = Buffer.concat([randomBytes(length >> 1), Buffer.alloc(length - (length >> 1), 'rcx ')]);
    expect(gunzipSync(await compress(cut(whole, 100_000))).equals(whole)).toBe(true);
  });

  it('is the same however it comes in pieces', async () => {
    const whole = Buffer.alloc(3 * MIB, 'the same bytes, ');
    const compressed = await compress([whole]);
    for (const length of [1000, MIB - 1, 2 * MIB]) {
      expect((await compress(cut(whole, length))).equals(compressed)).toBe(true);
    }
  });

  it('leaves nothing under way when its reader stops or its source fails', async () => {
    for await (const member of gzipBlocks(cut(Buffer.alloc(20 * MIB), MIB))) {
      expect(member.length).toBeGreaterThan(0);
      break;
    }
    function* failing(): Generator<Buffer> {
      yield Buffer.alloc(3 * MIB);
      throw new Error('unreadable');
    }
    await expect(compress(failing())).rejects.toThrow('unreadable');
  });
});
