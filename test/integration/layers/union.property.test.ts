import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { anyLayers } from '../../support/layerMembers.ts';
import { ReferenceTree } from '../../support/layerModel.ts';
import { writeLayout } from '../../support/layoutWriter.ts';
import { withUnion } from '../../support/overlay.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { readTree, type Tree } from '../../support/tree.ts';
import { unpackInto } from '../../support/unpacking.ts';

const scratch = scratchDirectory();

/** The tree without its root, whose attributes come from the container's own layer, and without overlay's marks. */
function comparable(tree: Tree): Tree {
  const { '.': _root, ...rest } = tree;
  return Object.fromEntries(Object.entries(rest).map(([path, { xattrs: _marks, ...entry }]) => [path, entry]));
}

async function unionOf(archives: readonly Buffer[]): Promise<Tree> {
  const directories: string[] = [];
  for (const archive of archives) directories.unshift((await unpackInto(scratch, archive)).directory);
  return comparable(await withUnion(scratch, directories, readTree));
}

function umociUnpack(archives: readonly Buffer[]): Tree {
  const directory = mkdtempSync(join(scratch, 'umoci-'));
  writeLayout(join(directory, 'layout'), archives);
  execFileSync('umoci', ['unpack', '--image', `${join(directory, 'layout')}:latest`, join(directory, 'bundle')], {
    stdio: 'pipe',
  });
  return comparable(readTree(join(directory, 'bundle/rootfs')));
}

test('layers mounted through overlay are what the image-spec says, whatever they hold', async () => {
  await fc.assert(
    fc.asyncProperty(anyLayers, async (layers) => {
      const reference = new ReferenceTree();
      const archives = layers.map((members) => reference.apply(members));
      expect(await unionOf(archives)).toEqual(reference.tree());
    }),
    { numRuns: 150 },
  );
});

/** umoci gives a directory its time and then, for a whiteout after it in the archive, removes something from it. */
function withoutDirectoryTimes(tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree).map(([path, entry]) => [path, entry.type === 'directory' ? { ...entry, mtime: '' } : entry]),
  );
}

test('and what umoci makes of the same image', async () => {
  await fc.assert(
    fc.asyncProperty(anyLayers, async (layers) => {
      const reference = new ReferenceTree();
      const archives = layers.map((members) => reference.apply(members));
      expect(withoutDirectoryTimes(await unionOf(archives))).toEqual(withoutDirectoryTimes(umociUnpack(archives)));
    }),
    { numRuns: 20 },
  );
});
