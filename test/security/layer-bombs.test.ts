import { mkdtempSync, statfsSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { DEFAULT_LIMITS, LimitChecker } from '../../ts/layer/limits.ts';
import { sinkOptions } from '../../ts/layer/privilege.ts';
import { digestOf } from '../../ts/oci/digest.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { TarBuilder } from '../support/tarBuilder.ts';
import { unpackBlob, unpackInto } from '../support/unpacking.ts';

const scratch = scratchDirectory();
const tar = () => new TarBuilder();
const tooLarge = (rule: string) => ({
  code: 'ERR_RCX_LAYER_INVALID',
  message: expect.stringContaining(`the layer is too large: ${rule}`),
});

describe('a layer that would fill the disk is stopped', () => {
  test('too many bytes', async () => {
    const archive = tar().file('a', Buffer.alloc(20_000)).build();
    await expect(unpackInto(scratch, archive, { limits: { maxBytes: 10_000 } })).rejects.toMatchObject(
      tooLarge('it unpacks to more than 10000 bytes'),
    );
  });

  test('too many entries', async () => {
    const archive = tar().file('a').file('b').file('c').build();
    await expect(unpackInto(scratch, archive, { limits: { maxEntries: 2 } })).rejects.toMatchObject(
      tooLarge('it has more than 2 entries'),
    );
  });

  test('whiteouts and links count as entries', async () => {
    const archive = tar().file('.wh.a').symlink('b', 'x').file('.wh..wh.c').build();
    await expect(unpackInto(scratch, archive, { limits: { maxEntries: 2 } })).rejects.toMatchObject(
      tooLarge('it has more than 2 entries'),
    );
  });

  test('a sparse file that claims more than any disk has', async () => {
    const records = [
      ['GNU.sparse.size', String(2 ** 50)],
      ['GNU.sparse.map', '0,1'],
    ] as const;
    await expect(unpackInto(scratch, tar().pax(records).file('a', 'x').build())).rejects.toMatchObject(
      tooLarge('its files are longer'),
    );
  });

  test('too high a ratio, long before the end', async () => {
    const archive = tar()
      .file('zeros', Buffer.alloc(64 * 1024 * 1024))
      .build();
    const directory = mkdtempSync(join(scratch, 'ratio-'));
    const limits = { ...DEFAULT_LIMITS, maxRatio: 100, ratioFrom: 1024 * 1024 };
    const request = { diffId: digestOf(archive), directory, sink: sinkOptions(), limits };
    const free = statfsSync(directory).bavail;
    expect(() => unpackBlob(request, gzipSync(archive))).toThrow(
      expect.objectContaining(tooLarge('it unpacks to more than 100 times its compressed size')),
    );
    expect(statfsSync(directory).bavail).toBeGreaterThan(free - (16 * 1024 * 1024) / 4096);
  });

  test('the ratio does not count for layers of an ordinary size', () => {
    const checker = new LimitChecker(DEFAULT_LIMITS);
    expect(() => checker.output(1024 ** 3, 1024)).not.toThrow();
    expect(() => checker.output(8 * 1024 ** 3, 2048)).toThrow(/too large/);
  });
});

describe('a layer that would fill the memory is stopped', () => {
  const tooMuch = (most: number) => ({
    code: 'ERR_RCX_LAYER_INVALID',
    message: expect.stringContaining(`its directories take more than ${most} bytes of memory`),
  });

  test('by names of 4 KB, each of which implies 2000 directories', async () => {
    const archive = tar();
    for (let i = 0; i < 3; i++) archive.longName(`${i}/${'d/'.repeat(2000)}f`).file('f');
    // 15 KB of archive, next to nothing when compressed, for 6000 directories with 12 MB of names.
    await expect(unpackInto(scratch, archive.build(), { limits: { maxHeld: 6_000_000 } })).rejects.toMatchObject(
      tooMuch(6_000_000),
    );
  });

  test('by attributes of directories, which are put on them at the end', async () => {
    const archive = tar();
    for (let i = 0; i < 20; i++) archive.pax([['SCHILY.xattr.user.a', 'x'.repeat(60_000)]]).directory(`d${i}`);
    await expect(unpackInto(scratch, archive.build(), { limits: { maxHeld: 1_000_000 } })).rejects.toMatchObject(
      tooMuch(1_000_000),
    );
  });

  test('by deletions', async () => {
    const archive = tar();
    for (let i = 0; i < 1000; i++) archive.file(`.wh.${i}`);
    await expect(unpackInto(scratch, archive.build(), { limits: { maxHeld: 200_000 } })).rejects.toMatchObject(
      tooMuch(200_000),
    );
  });
});

test('tens of thousands of attributes in one header are read in no time', async () => {
  // As large as a header may be. When each attribute was compared with all others this took minutes.
  const records = Array.from({ length: 25_000 }, (_, i) => [`SCHILY.xattr.user.overlay.${i}`, ''] as const);
  const archive = tar();
  for (let i = 0; i < 20; i++) archive.pax(records).file(`f${i}`);
  expect(Object.keys((await unpackInto(scratch, archive.build())).tree)).toHaveLength(21);
});

describe('a header that announces much is believed only as far as it delivers', () => {
  test('a file of 8 exabytes in an archive of one block', async () => {
    const archive = tar()
      .file('a', '', { size: 2n ** 62n })
      .unfinished();
    await expect(unpackInto(scratch, archive)).rejects.toMatchObject({ code: 'ERR_RCX_LAYER_INVALID' });
  });

  test.each(['x', 'g', 'L', 'K'])('an extended header of type %s that would not fit into memory', async (type) => {
    const archive = tar()
      .add({ name: 'h', type, size: 2 ** 32 })
      .unfinished();
    await expect(unpackInto(scratch, archive)).rejects.toThrow(/an extended header is too long/);
  });

  test('names longer than the kernel takes are refused by name', async () => {
    const archive = tar().longName('n'.repeat(300)).file('x').build();
    await expect(unpackInto(scratch, archive)).rejects.toMatchObject({
      code: 'ERR_RCX_LAYER_WRITE',
      errno: 'ENAMETOOLONG',
    });
  });

  test('a path with thousands of components is refused, not recursed into', async () => {
    const archive = tar().longName('d/'.repeat(100_000)).directory('x').build();
    await expect(unpackInto(scratch, archive)).rejects.toMatchObject({ errno: 'ENAMETOOLONG' });
  });
});
