import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { makeInitLayer, readImageRoot } from '../../../ts/container/initLayer.ts';
import { LayoutSource } from '../../support/layoutSource.ts';
import { writeLayout } from '../../support/layoutWriter.ts';
import { withUnion } from '../../support/overlay.ts';
import { newTestStore } from '../../support/pulling.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';
import { listTree, readTree, type Tree } from '../../support/tree.ts';

const scratch = scratchDirectory();
const tar = () => new TarBuilder();

/** What a container sees of an image, base layer first, and what of it is in the init layer. */
async function containerOf(...archives: TarBuilder[]): Promise<{ tree: Tree; own: string[] }> {
  const [layout, init] = [mkdtempSync(join(scratch, 'layout-')), mkdtempSync(join(scratch, 'init-'))];
  writeLayout(
    layout,
    archives.map((archive) => archive.build()),
  );
  const store = newTestStore(scratch);
  const { diffIds } = await store.pull(new LayoutSource(layout), 'app');
  const directories = store.layers.lowerDirectories(diffIds);
  makeInitLayer(
    init,
    readImageRoot(directories, (layer) => store.layers.impliedIn(layer)),
  );
  const tree = await withUnion(scratch, [init, ...directories], readTree);
  const ours = /^(\.|dev|proc|sys|etc(\/.*)?)$/;
  return { tree, own: listTree(init).filter((path) => !ours.test(path)) };
}

const base = () =>
  tar()
    .directory('tmp', { mode: 0o1777 })
    .directory('a', { mode: 0o711, uid: 5 })
    .directory('a/b', { mode: 0o700, uid: 6, gid: 7 })
    .file('a/b/old', 'x');

// As with containerd and umoci, and by the image-spec: what a layer does not describe stays as it was.
describe('a directory that a layer has only for what is in it', () => {
  test('keeps owner and mode of the layer below, and so do its parents', async () => {
    const { tree, own } = await containerOf(base(), tar().file('tmp/new', 'x').file('a/b/new', 'x'));
    expect(tree.tmp?.mode).toBe('1777');
    expect(tree.a).toMatchObject({ mode: '0711', owner: '5:0' });
    expect(tree['a/b']).toMatchObject({ mode: '0700', owner: '6:7' });
    expect(Object.keys(tree)).toEqual(expect.arrayContaining(['a/b/new', 'a/b/old', 'tmp/new']));
    expect(own).toEqual(['a', 'a/b', 'tmp']);
  });

  test('keeps them through any number of layers', async () => {
    const { tree } = await containerOf(base(), tar().file('a/b/1'), tar().file('b/other'), tar().file('a/b/2'));
    expect(tree['a/b']).toMatchObject({ mode: '0700', owner: '6:7' });
  });

  test('keeps them where only a deletion is in it, or where it hides what was in it', async () => {
    const { tree } = await containerOf(base(), tar().file('a/b/.wh.old').file('tmp/.wh..wh..opq'));
    expect(tree['a/b']).toMatchObject({ mode: '0700', owner: '6:7' });
    expect(tree.tmp?.mode).toBe('1777');
    expect(tree['a/b/old']).toBeUndefined();
  });

  test('has those of the topmost layer that describes it', async () => {
    const described = tar().directory('a/b', { mode: 0o750, uid: 8 });
    const { tree, own } = await containerOf(base(), tar().file('a/b/1'), described, tar().file('a/b/2'));
    expect(tree['a/b']).toMatchObject({ mode: '0750', owner: '8:0' });
    expect(own).toEqual(['a', 'a/b']);
    const { own: none } = await containerOf(
      base(),
      tar().file('a/b/1'),
      described.directory('a', { mode: 0o711, uid: 5 }),
    );
    expect(none).toEqual([]);
  });

  test.each([
    ['in a layer between', [tar().file('a/.wh.b'), tar().file('a/b/new')]],
    ['in its own layer, before', [tar().file('a/.wh.b').file('a/b/new')]],
    ['in its own layer, after', [tar().file('a/b/new').file('a/.wh.b')]],
    ['with all of its parent', [tar().file('a/.wh..wh..opq').file('a/b/new')]],
    ['by a file in its place', [tar().file('a/b', 'x'), tar().file('.wh.a').file('a/b/new')]],
  ])('is a new one where the old one was deleted %s', async (_, layers) => {
    const { tree } = await containerOf(base(), ...layers);
    expect(tree['a/b']).toMatchObject({ mode: '0755', owner: '0:0' });
    expect(tree['a/b/old']).toBeUndefined();
  });

  test('is 0755 of root where no layer describes it, and costs nothing', async () => {
    const { tree, own } = await containerOf(base(), tar().file('opt/app/x'), tar().file('opt/app/y'));
    expect([tree.opt, tree['opt/app']]).toMatchObject([
      { mode: '0755', owner: '0:0' },
      { mode: '0755', owner: '0:0' },
    ]);
    expect(own).toEqual([]);
  });

  test('keeps them also in a layer with more of them than are noted', async () => {
    const many = tar();
    for (let i = 0; i < 1200; i++) many.file(`app/modules/${i}/x`);
    const { tree, own } = await containerOf(base(), many.file('a/b/new').file('tmp/new'));
    expect(tree['a/b']).toMatchObject({ mode: '0700', owner: '6:7' });
    expect(own).toEqual(['a', 'a/b', 'tmp']);
  });

  test('keeps them where rcx itself has something to put', async () => {
    const lower = tar().directory('etc', { mode: 0o750 }).directory('dev', { mode: 0o700 });
    const { tree } = await containerOf(
      lower.directory('etc/hosts', { mode: 0o700 }),
      tar().file('etc/hosts/x').file('dev/x'),
    );
    expect([tree.etc?.mode, tree.dev?.mode, tree['etc/hosts']?.type]).toEqual(['0750', '0700', 'file']);
  });

  test('may have a name that is not UTF-8', async () => {
    const name = Buffer.from([0x64, 0xff]);
    const { tree } = await containerOf(
      tar().directory(name, { mode: 0o700 }),
      tar().file(Buffer.concat([name, Buffer.from('/x')])),
    );
    expect(tree['d\u00ff']?.mode).toBe('0700');
  });
});
