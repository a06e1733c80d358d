import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { Engine } from '../../ts/engine.ts';
import { isRcxError } from '../../ts/errors.ts';
import { importImage } from '../../ts/image/import.ts';
import { LayoutSource } from '../support/layoutSource.ts';
import { writeLayout } from '../support/layoutWriter.ts';
import { newTestStore } from '../support/pulling.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { expectSoundStore } from '../support/soundStore.ts';
import { TarBuilder } from '../support/tarBuilder.ts';
import { readTree, type Tree } from '../support/tree.ts';
import { unpackInto } from '../support/unpacking.ts';

// What no layer may have, by way of a pull.
const scratch = scratchDirectory();
const tar = () => new TarBuilder();

let jail: string;
let victim: string;
let before: Tree;
beforeEach(() => {
  jail = mkdtempSync(join(scratch, 'jail-'));
  victim = join(jail, 'victim');
  mkdirSync(victim);
  writeFileSync(join(victim, 'secret'), 'untouched');
  before = readTree(victim);
});

const links = (count: number) => {
  const archive = tar().directory('end');
  for (let i = 1; i <= count; i++) archive.symlink(`l${i}`, i === count ? 'end' : `l${i + 1}`);
  return archive;
};

describe('refused with the layer, the entry and the rule, and nothing of it is kept', () => {
  const cases: [name: string, archive: TarBuilder, entry: string, rule: string][] = [
    ['a relative name that leads out', tar().file('../x'), '../x', 'its name leads out of the layer'],
    ['the same hidden in the middle', tar().file('a/../../x'), 'a/../../x', 'its name leads out of the layer'],
    ['a hard link that leads out', tar().hardlink('h', '../../x'), 'h', 'a file of the layer, which ../../x is not'],
    ['a hard link to what is not in the layer', tar().hardlink('h', '/etc/passwd'), 'h', 'is not in this layer'],
    ['a hard link to a directory', tar().directory('d').hardlink('h', 'd'), 'h', 'hard link is a directory'],
    ['a hard link to a whiteout', tar().file('.wh.a').hardlink('h', 'a'), 'h', 'is not in this layer'],
    ['a bare whiteout', tar().file('d/.wh.'), 'd/.wh.', 'a whiteout must name a file'],
    ['a whiteout of .', tar().file('.wh..'), '.wh..', 'a whiteout must name a file'],
    ['a whiteout of ..', tar().file('d/.wh...'), 'd/.wh...', 'a whiteout must name a file'],
    ['a whiteout whose name leads out', tar().file('../.wh.x'), '../.wh.x', 'its name leads out of the layer'],
    ['an opaque marker outside', tar().file('../.wh..wh..opq'), '../.wh..wh..opq', 'its name leads out of the layer'],
    ['an entry below a whiteout', tar().file('.wh.d/a'), '.wh.d/a', 'a whiteout has no entries below it'],
    ['a device that would be a whiteout', tar().add({ name: 'n', type: '3' }), 'n', 'would be taken for a deletion'],
    [
      'a device of which the kernel would make a whiteout',
      tar().add({ name: 'n', type: '3', major: 2 ** 12, minor: 2 ** 20 }),
      'n',
      'its device number is larger than any of the kernel',
    ],
    ['a file as parent', tar().file('f').file('f/a'), 'f/a', 'a parent of the entry is not a directory'],
    ['a symbolic link in a circle', tar().symlink('l', 'l').file('l/a'), 'l/a', 'too many symbolic links'],
    ['a chain of 41 symbolic links', links(41).file('l1/a'), 'l1/a', 'too many symbolic links'],
    ['the root as a file', tar().file('./', 'x'), './', 'the root of a layer can only be a directory'],
    ['the root as a symbolic link', tar().symlink('/', '/etc'), '/', 'the root of a layer can only be a directory'],
    [
      'a name with a NUL byte',
      tar()
        .pax([['path', 'a\0b']])
        .file('x'),
      '',
      'a PAX extended header is malformed',
    ],
    ['a symbolic link to nothing', tar().symlink('l', ''), 'l', 'a symbolic link leads nowhere'],
    ['an unknown type', tar().add({ name: 'v', type: 'V' }), 'v', 'entries of type "V" have no place in a layer'],
    [
      'an attribute longer than the kernel takes',
      tar()
        .pax([['SCHILY.xattr.user.a', 'x'.repeat(65_537)]])
        .file('f'),
      'f',
      'its attribute user.a is longer than 65536 bytes',
    ],
  ];

  test.each(cases)('%s', async (_, builder, entry, rule) => {
    const layout = mkdtempSync(join(jail, 'layout-'));
    const { layers } = writeLayout(layout, [tar().file('before', 'x').raw(builder.unfinished()).build()]);
    const store = newTestStore(jail);
    const error: unknown = await store.pull(new LayoutSource(layout), 'app').catch((cause) => cause);
    if (!isRcxError(error, 'ERR_RCX_LAYER_INVALID')) throw error;
    expect(error.message.startsWith(`unpack layer ${layers[0]?.digest}: `)).toBe(true);
    expect(error.message).toContain(rule);
    // An entry stands before the rule or, where the disk was asked first, after it.
    if (entry !== '') expect(error.message.split(': ')).toContain(entry);
    expect(error.message).not.toContain('\n');
    expect(store.content().layers).toEqual([]);
    expectSoundStore(store.paths.root);
    expect(readTree(victim)).toEqual(before);
  });

  test('by an import as well', async () => {
    const store = newTestStore(jail);
    const engine = new Engine({ root: store.paths.root, run: store.paths.run });
    async function* archive() {
      yield tar().file('../victim/secret', 'owned').build();
    }
    await expect(importImage(engine, archive())).rejects.toMatchObject({
      code: 'ERR_RCX_LAYER_INVALID',
      message: expect.stringMatching(/^import: \.\.\/victim\/secret: its name leads out/),
    });
    expect(store.content()).toMatchObject({ blobs: [], layers: [] });
    expect(readTree(victim)).toEqual(before);
  });
});

test('40 symbolic links in a row are followed, as the kernel follows them', async () => {
  const { tree } = await unpackInto(scratch, links(40).file('l1/a').build());
  expect(tree['end/a']?.type).toBe('file');
});
