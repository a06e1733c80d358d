import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { packLayer, packUnion } from '../../../ts/layer/pack.ts';
import { anyChanges, applyFileChanges } from '../../support/fileChanges.ts';
import { changeUnion, withUnion } from '../../support/overlay.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { readTree, type Tree } from '../../support/tree.ts';
import { unpackInto } from '../../support/unpacking.ts';

const scratch = scratchDirectory();

/** The tree without its root, overlay's marks, and which names are of one file: overlay shows that of files it has copied, too. */
function comparable(tree: Tree): Tree {
  const { '.': _root, ...rest } = tree;
  return Object.fromEntries(
    Object.entries(rest).map(([path, { xattrs: _marks, sameAs: _same, ...entry }]) => [path, entry]),
  );
}

describeWith({ root: true, commands: ['getfattr'] }, 'what a container did to its image', () => {
  it('is there again in an image that its layer was packed for, and in an export', async () => {
    await fc.assert(
      fc.asyncProperty(anyChanges, anyChanges, async (first, second) => {
        const image = mkdtempSync(join(scratch, 'image-'));
        applyFileChanges(image, first);
        let seen: Tree = {};
        const upper = await changeUnion(scratch, [image], (union) => {
          applyFileChanges(union, second);
          seen = comparable(readTree(union));
        });
        const layer = await unpackInto(scratch, Buffer.concat([...packLayer(upper)]));
        expect(comparable(await withUnion(scratch, [layer.directory, image], readTree))).toEqual(seen);
        const whole = await unpackInto(scratch, Buffer.concat([...packUnion([upper, image])]));
        expect(comparable(whole.tree)).toEqual(seen);
      }),
      { numRuns: 40 },
    );
  });
});
