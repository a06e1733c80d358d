import { describe, expect, it } from 'vitest';
import { headerOf, type OutputMember, tarOf } from '../../../../../ts/image/archive/write/tarMembers.ts';
import { invalidLayer } from '../../../../../ts/layer/errors.ts';
import type { TarEntry } from '../../../../../ts/layer/tar/entry.ts';
import { TarReader } from '../../../../../ts/layer/tar/reader.ts';

/** What a reader of archives finds. */
function read(...pieces: Buffer[]): { entries: TarEntry[]; whole: boolean } {
  const entries: TarEntry[] = [];
  const reader = new TarReader({ entry: (entry) => entries.push(entry), data: () => undefined, end: () => undefined });
  for (const piece of pieces) reader.push(piece);
  try {
    reader.finish();
    return { entries, whole: true };
  } catch (error) {
    expect(error).toMatchObject({ code: invalidLayer('').code });
    return { entries, whole: false };
  }
}

async function archive(members: OutputMember[]): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of tarOf(members)) pieces.push(piece);
  return Buffer.concat(pieces);
}

const text = (name: string, content: string): OutputMember => {
  const bytes = Buffer.from(content);
  return { name, size: bytes.length, content: () => [bytes] };
};

describe('tarOf', () => {
  it('sorts members and gives them their folders, and has no more of the world in it', async () => {
    const bytes = await archive([text('b/c/d', 'x'.repeat(512)), text('b/a', ''), text('a', 'y')]);
    const { entries, whole } = read(bytes);
    expect(whole).toBe(true);
    expect(entries.map(({ name, type, mode, size }) => [name, type, mode.toString(8), size])).toEqual([
      ['a', 'file', '644', 1],
      ['b/', 'directory', '755', 0],
      ['b/a', 'file', '644', 0],
      ['b/c/', 'directory', '755', 0],
      ['b/c/d', 'file', '644', 512],
    ]);
    for (const entry of entries) expect(entry).toMatchObject({ uid: 0, gid: 0, mtime: 0, mtimeNsec: 0 });
    expect(bytes.length).toBe(5 * 512 + 2 * 512 + 1024);
    expect(await archive([text('a', 'y'), text('b/a', ''), text('b/c/d', 'x'.repeat(512))])).toEqual(bytes);
  });

  it('ends with two empty blocks, also where there is nothing', async () => {
    expect(await archive([])).toEqual(Buffer.alloc(1024));
  });
});

describe('headerOf', () => {
  it.each([0, 8 * 1024 ** 3 - 1, 8 * 1024 ** 3, 3 * 1024 ** 4])('has room for %d bytes', (size) => {
    const { entries } = read(headerOf('blobs/sha256/0', size));
    expect(entries).toMatchObject([{ name: 'blobs/sha256/0', stored: size, mtime: 0 }]);
    expect(headerOf('blobs/sha256/0', size)).toEqual(headerOf('blobs/sha256/0', size));
  });
});
