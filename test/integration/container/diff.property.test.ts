import { lstatSync, mkdtempSync } from 'node:fs';
import { dirname, join } from 'node:path';
import * as fc from 'fast-check';
import { expect, it } from 'vitest';
import { diffLayers } from '../../../ts/container/diff.ts';
import { anyChanges, applyFileChanges } from '../../support/fileChanges.ts';
import { changeUnion, withUnion } from '../../support/overlay.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { readTree, type Tree, type TreeEntry } from '../../support/tree.ts';

const scratch = scratchDirectory();

/** What a path is without what overlayfs does not keep: which paths are names of the same file. */
const content = ({ sameAs: _same, ...entry }: TreeEntry) => entry;

/** What one learns by comparing the trees before and after. */
function compare(before: Tree, after: Tree): { added: string[]; deleted: string[]; changed: string[] } {
  const isDirectory = (path: string) => after[path]?.type === 'directory';
  const paths = Object.keys({ ...before, ...after }).filter((path) => path !== '.');
  const added = paths.filter((path) => before[path] === undefined);
  // What was in a directory that is none any more needs no mention.
  const deleted = paths.filter((path) => after[path] === undefined && isDirectory(dirname(path)));
  const differs = (path: string) =>
    before[path] !== undefined &&
    after[path] !== undefined &&
    JSON.stringify(content(before[path])) !== JSON.stringify(content(after[path]));
  const changed = new Set(paths.filter(differs));
  for (const path of [...added, ...deleted, ...changed]) {
    for (let above = dirname(path); above !== '.'; above = dirname(above)) {
      if (before[above] !== undefined) changed.add(above);
    }
  }
  return { added, deleted, changed: [...changed] };
}

/** Whether a container has copied something into its own layer, as writing the same again does. */
function isTouched(upper: string, path: string): boolean {
  return lstatSync(join(upper, path), { throwIfNoEntry: false }) !== undefined;
}

describeWith({ root: true, commands: ['getfattr'] }, 'a diff', () => {
  it('is what comparing the trees before and after gives, whatever a container does', async () => {
    await fc.assert(
      fc.asyncProperty(anyChanges, anyChanges, anyChanges, async (first, second, third) => {
        const bottom = mkdtempSync(join(scratch, 'bottom-'));
        applyFileChanges(bottom, first);
        const middle = await changeUnion(scratch, [bottom], (union) => applyFileChanges(union, second));
        const lower = [middle, bottom];
        const before = await withUnion(scratch, lower, readTree);
        let after: Tree = {};
        const upper = await changeUnion(scratch, lower, (union) => {
          applyFileChanges(union, third);
          after = readTree(union);
        });
        const changes = diffLayers(upper, lower).map(({ kind, path }) => ({ kind, path: path.slice(1) }));
        const told = (kind: string) => changes.filter((change) => change.kind === kind).map(({ path }) => path);
        const expected = compare(before, after);
        expect({ added: told('A').sort(), deleted: told('D').sort() }).toEqual({
          added: expected.added.sort(),
          deleted: expected.deleted.sort(),
        });
        expect(told('C')).toEqual(expect.arrayContaining(expected.changed));
        expect(told('C').filter((path) => !before[path] || !after[path] || !isTouched(upper, path))).toEqual([]);
        expect(new Set(changes.map(({ path }) => path)).size).toBe(changes.length);
      }),
      { numRuns: 60 },
    );
  });
});
