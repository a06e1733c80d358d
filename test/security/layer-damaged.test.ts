import { createHash } from 'node:crypto';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS } from '../../ts/layer/limits.ts';
import { sinkOptions } from '../../ts/layer/privilege.ts';
import { digestOf } from '../../ts/oci/digest.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { TarBuilder } from '../support/tarBuilder.ts';
import { unpackBlob, unpackInto } from '../support/unpacking.ts';

const scratch = scratchDirectory();
const tar = () => new TarBuilder();
const ORDINARY = tar()
  .directory('d')
  .pax([['mtime', '1.5']])
  .file('d/a', 'x'.repeat(3000))
  .file('b', 'y'.repeat(10))
  .build();

function request(diffId = digestOf(ORDINARY)) {
  const directory = mkdtempSync(join(scratch, 'damaged-'));
  return { diffId, directory, sink: sinkOptions(), limits: DEFAULT_LIMITS };
}

describe('truncated archives', () => {
  // After 1024 zero bytes the archive is complete; everything before is cut inside an entry or an end mark.
  const ends = [1, 511, 513, 700, 1024, 1100, 1536, 2048, 2500, 5119, 5130, 5632, 5700];
  test.each(ends)('cut after %i bytes', async (length) => {
    await expect(unpackInto(scratch, ORDINARY.subarray(0, length))).rejects.toThrow(/the archive is truncated/);
  });

  test('without the two zero blocks it is accepted, as by other tools', async () => {
    const { tree } = await unpackInto(scratch, tar().file('a', 'x').unfinished());
    expect(tree.a).toBeDefined();
  });

  test('an empty archive, and one of zeros only, is an empty layer', async () => {
    for (const archive of [Buffer.alloc(0), Buffer.alloc(512), Buffer.alloc(10_240)]) {
      expect(Object.keys((await unpackInto(scratch, archive)).tree)).toEqual(['.']);
    }
  });

  test('what follows the end is hashed and otherwise ignored', async () => {
    const archive = Buffer.concat([tar().file('a').build(), tar().file('hidden', 'x').build(), Buffer.from('rubbish')]);
    expect(Object.keys((await unpackInto(scratch, archive)).tree)).toEqual(['.', 'a']);
  });
});

describe('damaged archives', () => {
  test.each([
    ['a wrong checksum', tar().add({ name: 'a', checksumError: 1 }).build(), 'wrong checksum'],
    ['text instead of a header', Buffer.alloc(2048, 'not a tar archive '), 'wrong checksum'],
    ['one zero block in the middle', tar().file('a').raw(Buffer.alloc(512)).file('b').build(), 'after an end mark'],
    [
      'letters in a number',
      tar()
        .add({ name: 'a', patch: [{ at: 100, bytes: Buffer.from('rw-r--r-') }] })
        .build(),
      'not a number',
    ],
    ['a negative size', tar().file('a', '', { size: -1 }).build(), 'its size is negative'],
    ['a negative owner', tar().file('a', '', { uid: -1 }).build(), 'is no user or group ID'],
    ['the owner that means "unchanged"', tar().file('a', '', { uid: 0xffff_ffff }).build(), 'is no user or group ID'],
    [
      'a PAX record without an equals sign',
      tar().add({ name: 'p', type: 'x', content: '7 path\n' }).file('a').build(),
      'PAX extended header',
    ],
    [
      'a PAX record that is longer than its header',
      tar().add({ name: 'p', type: 'x', content: '99 path=a\n' }).file('a').build(),
      'PAX extended header',
    ],
    [
      'a PAX record of length 0',
      tar().add({ name: 'p', type: 'x', content: '0 path=a\n' }).file('a').build(),
      'PAX extended header',
    ],
    [
      'a PAX size that is none',
      tar()
        .pax([['size', '1e3']])
        .file('a')
        .build(),
      'a PAX number is not one',
    ],
    [
      'a PAX time that is none',
      tar()
        .pax([['mtime', 'yesterday']])
        .file('a')
        .build(),
      'a PAX time is not a number',
    ],
    [
      'an archive that ends after a PAX header',
      tar()
        .pax([['path', 'a']])
        .unfinished(),
      'truncated',
    ],
  ])('%s', async (_, archive, message) => {
    await expect(unpackInto(scratch, archive)).rejects.toMatchObject({
      code: 'ERR_RCX_LAYER_INVALID',
      message: expect.stringContaining(message),
    });
  });

  test('a checksum of signed bytes, as old programs wrote, is right', async () => {
    const name = Buffer.from([0xe4, 0xf6]);
    const { tree } = await unpackInto(scratch, tar().add({ name, checksumError: -512 }).build());
    expect(Object.keys(tree)).toHaveLength(2);
  });
});

describe('sizes that disagree', () => {
  test('PAX wins over the header, and for its own entry only', async () => {
    const archive = tar()
      .pax([['size', '600']])
      .file('a', 'a'.repeat(600), { size: 3 })
      .file('b', 'bb')
      .file('c', 'ccc')
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect([tree.a?.size, tree.b?.size, tree.c?.size]).toEqual([600, 2, 3]);
  });

  test('a PAX size is not one of the GNU long name that stands between', async () => {
    const archive = tar()
      .pax([['size', '600']])
      .longName('long')
      .file('a', 'a'.repeat(600), { size: 3 })
      .file('b', 'bb')
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect(Object.keys(tree)).toEqual(['.', 'b', 'long']);
    expect(tree.long?.size).toBe(600);
  });

  test('a global PAX header changes no entry', async () => {
    const archive = tar()
      .globalPax([
        ['size', '0'],
        ['path', 'evil'],
        ['uid', '7'],
      ])
      .file('a', 'abc')
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect(tree.a).toMatchObject({ size: 3, owner: '0:0' });
    expect(tree.evil).toBeUndefined();
  });
});

describe('damaged compression', () => {
  const gzip = gzipSync(ORDINARY);

  test.each([
    ['cut short', gzip.subarray(0, gzip.length - 20)],
    ['with a flipped bit', Buffer.from(gzip.map((byte, at) => (at === 40 ? byte ^ 1 : byte)))],
    ['with a wrong checksum', Buffer.from(gzip.map((byte, at) => (at === gzip.length - 6 ? byte ^ 1 : byte)))],
  ])('gzip %s', (_, blob) => {
    expect(() => unpackBlob(request(), blob)).toThrow(
      expect.objectContaining({
        code: 'ERR_RCX_LAYER_INVALID',
        message: expect.stringContaining('its gzip data is damaged'),
      }),
    );
  });

  test('an archive that is not the one the config names', () => {
    const other = `sha256:${createHash('sha256').update('other').digest('hex')}` as const;
    expect(() => unpackBlob(request(other), gzip)).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_DIGEST_MISMATCH', path: other }),
    );
  });
});
