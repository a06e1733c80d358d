import { execFileSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareTrees } from '../../../ts/layer/compareTrees.ts';
import { anyLayers } from '../../support/layerMembers.ts';
import { ReferenceTree } from '../../support/layerModel.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';
import { unpackInto } from '../../support/unpacking.ts';

const scratch = scratchDirectory();
const ARCHIVE = new TarBuilder()
  .directory('d')
  .file('d/file', 'content')
  .file('d/other', 'x'.repeat(300_000))
  .hardlink('d/second', 'd/file')
  .symlink('link', 'd/file')
  .directory('d-e')
  .file('d-e/.wh..wh..opq')
  .file('.wh.gone')
  .build();

const unpacked = async (archive = ARCHIVE) => (await unpackInto(scratch, archive)).directory;

/** Changes something and puts the time back, as damage would. */
function quietly(path: string, change: (path: string) => void): void {
  const { atime, mtime } = statSync(path);
  change(path);
  utimesSync(path, atime, mtime);
}

describeWith({ root: true }, 'two trees', () => {
  test('of one archive are the same, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(anyLayers, async (layers) => {
        const reference = new ReferenceTree();
        for (const archive of layers.map((members) => reference.apply(members))) {
          const [directory, expected] = [await unpacked(archive), await unpacked(archive)];
          expect(compareTrees({ directory, expected })).toEqual({ count: 0, differences: [] });
        }
      }),
      { numRuns: 50 },
    );
  });

  test.each<[string, (tree: string) => void, string[]]>([
    ['a byte is another one', (t) => quietly(join(t, 'd/other'), flip), ['/d/other has other content']],
    [
      'a file is longer',
      (t) => quietly(join(t, 'd/other'), (p) => appendFileSync(p, 'x')),
      ['/d/other has another size'],
    ],
    ['a file is gone', (t) => quietly(join(t, 'd'), () => rmSync(join(t, 'd/other'))), ['/d/other is missing']],
    ['one is too many', (t) => quietly(t, () => writeFileSync(join(t, 'd-a'), '')), ['/d-a is not of the layer']],
    ['a mode is another', (t) => chmodSync(join(t, 'd'), 0o700), ['/d has another mode']],
    ['an owner is another', (t) => chownSync(join(t, 'd/other'), 7, 0), ['/d/other has another owner']],
    ['a time is another', (t) => lutimesSync(join(t, 'link'), 1, 2), ['/link has another time']],
    [
      'an attribute is another',
      (t) => execFileSync('setfattr', ['-n', 'user.x', '-v', 'y', join(t, 'd/other')]),
      ['/d/other has other attributes'],
    ],
    [
      'a directory hides nothing any more',
      (t) => execFileSync('setfattr', ['-x', 'trusted.overlay.opaque', join(t, 'd-e')]),
      ['/d-e hides other things'],
    ],
    [
      'a link leads elsewhere',
      (t) => quietly(t, () => replace(join(t, 'link'), (p) => symlinkSync('d/more', p))),
      ['/link leads elsewhere'],
    ],
    [
      'a file is a directory',
      (t) => quietly(join(t, 'd'), () => replace(join(t, 'd/other'), (p) => mkdirSync(p))),
      ['/d/other is a directory, not a file'],
    ],
    ['a deletion is undone', (t) => quietly(t, () => rmSync(join(t, 'gone'))), ['/gone is missing']],
    ['two names are of two files', separate, ['/d/second has other hard links']],
    [
      'a whole directory is gone',
      (t) => quietly(t, () => rmSync(join(t, 'd'), { recursive: true })),
      ['/d is missing', '/d/file is missing', '/d/other is missing', '/d/second is missing'],
    ],
  ])('where %s are told apart', async (_, damage, differences) => {
    const [directory, expected] = [await unpacked(), await unpacked()];
    damage(directory);
    expect(compareTrees({ directory, expected })).toEqual({ count: differences.length, differences });
  });

  test('that differ in much: some is told, all is counted', async () => {
    const tar = new TarBuilder();
    for (let i = 0; i < 100; i++) tar.file(`f${i}`);
    const [directory, expected] = [await unpacked(new TarBuilder().build()), await unpacked(tar.build())];
    const { count, differences } = compareTrees({ directory, expected });
    // The root of one has a file's time.
    expect(count).toBe(100);
    expect(differences).toHaveLength(5);
  });
});

function flip(path: string): void {
  const bytes = readFileSync(path);
  bytes[200_000] = (bytes[200_000] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** Something else of the same mode and time takes the place of what was there. */
function replace(path: string, make: (path: string) => void): void {
  const { mode, atime, mtime } = lstatSync(path);
  rmSync(path);
  make(path);
  if (!lstatSync(path).isSymbolicLink()) chmodSync(path, mode & 0o7777);
  lutimesSync(path, atime, mtime);
}

/** The second name of a file becomes a file of its own. */
function separate(tree: string): void {
  const second = join(tree, 'd/second');
  quietly(join(tree, 'd'), () => replace(second, (path) => writeFileSync(path, 'content')));
  // Both still are files of several names.
  for (const name of ['d/file', 'd/second']) linkSync(join(tree, name), `${tree}-${name.replace('/', '-')}`);
}
