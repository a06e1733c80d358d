import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { extractCopy } from '../../ts/container/copy/archive.ts';
import { bytesOf } from '../../ts/container/copy/argument.ts';
import { native } from '../../ts/native/index.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { TarBuilder } from '../support/tarBuilder.ts';
import { readTree, type Tree } from '../support/tree.ts';

// What is copied comes from a container. No entry may reach anything but what it is copied to.
const scratch = scratchDirectory();
const tar = () => new TarBuilder();

let target: string;
let victim: string;
let before: Tree;

beforeEach(() => {
  const jail = mkdtempSync(join(scratch, 'jail-'));
  [target, victim] = [join(jail, 'target'), join(jail, 'victim')];
  mkdirSync(join(victim, 'directory'), { recursive: true });
  mkdirSync(target);
  writeFileSync(join(victim, 'secret'), 'untouched');
  before = readTree(victim);
});

async function extract(archive: TarBuilder): Promise<void> {
  const host = native().CopyRoot.host();
  const options = { privileged: false, ownership: 'callers', userxattr: true } as const;
  const writer = native().CopyWriter.open(host, bytesOf(target), options);
  try {
    const pieces = (async function* () {
      yield archive.build();
    })();
    await extractCopy(pieces, writer);
  } finally {
    writer.close();
  }
}

/** Archives by what they try. */
const ATTACKS: Record<string, () => TarBuilder> = {
  'a relative name': () => tar().file('../victim/secret', 'owned'),
  'a relative name after a directory': () => tar().directory('a').file('a/../../victim/secret', 'owned'),
  'an absolute name': () => tar().file(`${victim}/secret`, 'owned'),
  'an absolute link as parent': () => tar().symlink('l', victim).file('l/secret', 'owned'),
  'a relative link as parent': () => tar().symlink('l', '../victim').file('l/secret', 'owned'),
  'a chain of links': () => tar().symlink('a', 'b').symlink('b', victim).file('a/secret', 'owned'),
  'a link that a directory is in the place of': () =>
    tar().symlink('l', victim).directory('l/directory', { mode: 0o777 }),
  'a file through a link at the end': () => tar().symlink('l', `${victim}/secret`).file('l', 'owned'),
  'a hard link to a file outside': () => tar().hardlink('h', '../victim/secret').file('h', 'owned'),
  'a hard link through a link': () => tar().symlink('l', victim).hardlink('h', 'l/secret').file('h', 'owned'),
  'a device’s or pipe’s name': () => tar().add({ name: '../victim/pipe', type: '6' }),
  'a directory’s mode through a link': () =>
    tar().directory('d').symlink('d/l', victim).directory('d/l', { mode: 0o777 }),
};

test.each(Object.entries(ATTACKS))('%s reaches nothing', async (_, attack) => {
  await extract(attack()).catch((error: unknown) =>
    expect(error).toMatchObject({ code: expect.stringMatching(/^ERR_RCX_(COPY|LAYER_INVALID)$/) }),
  );
  expect(readTree(victim)).toEqual(before);
});

test('links that were at the destination before are not followed either', async () => {
  const attack = tar().file('here/secret', 'owned');
  const { symlinkSync } = await import('node:fs');
  symlinkSync(relative(target, victim), join(target, 'here'));
  await expect(extract(attack)).rejects.toThrow(/symbolic link/);
  expect(readTree(victim)).toEqual(before);
});

test('a name that means a deletion in a layer is a name', async () => {
  await extract(tar().file('kept', '1').file('.wh.kept', '2').file('.wh..wh..opq', '3'));
  const read = (name: string) => readFileSync(join(target, name), 'utf8');
  expect(['kept', '.wh.kept', '.wh..wh..opq'].map(read)).toEqual(['1', '2', '3']);
});
