import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  linkSync,
  lutimesSync,
  mkdirSync,
  mkdtempSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { packLayer, packUnion } from '../../../ts/layer/pack.ts';
import { TarReader } from '../../../ts/layer/tar/reader.ts';
import { anyLayers } from '../../support/layerMembers.ts';
import { ReferenceTree } from '../../support/layerModel.ts';
import { withUnion } from '../../support/overlay.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { readTree, type Tree } from '../../support/tree.ts';
import { unpackInto } from '../../support/unpacking.ts';

const scratch = scratchDirectory();
const packed = (directory: string) => Buffer.concat([...packLayer(directory, { root: true })]);

/** Names of an archive's entries in their order, with a letter for the type. */
function list(archive: Buffer): string[] {
  const names: string[] = [];
  const reader = new TarReader({
    entry: ({ type, name, linkName }) => names.push(`${type} ${name}${linkName === '' ? '' : ` > ${linkName}`}`),
    data: () => undefined,
    end: () => undefined,
  });
  reader.push(archive);
  reader.finish();
  return names;
}

/** The tree without the times of its whiteouts, which mean nothing and are not in an archive. */
function timeless(tree: Tree): Tree {
  return Object.fromEntries(
    Object.entries(tree).map(([path, entry]) => [path, entry.device === '0:0' ? { ...entry, mtime: '' } : entry]),
  );
}

describeWith({ root: true }, 'a layer packed again', () => {
  test('unpacks to the same tree, whatever it holds', async () => {
    await fc.assert(
      fc.asyncProperty(anyLayers, async (layers) => {
        const reference = new ReferenceTree();
        for (const members of layers) {
          const { directory, tree } = await unpackInto(scratch, reference.apply(members));
          const archive = packed(directory);
          const again = await unpackInto(scratch, archive);
          expect(timeless(again.tree)).toEqual(timeless(tree));
          expect(packed(again.directory).equals(archive)).toBe(true);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('several as one are what overlay shows of them', async () => {
    const comparable = (tree: Tree) =>
      Object.entries(tree)
        .filter(([path]) => path !== '.')
        .map(([path, { xattrs: _marks, ...entry }]) => [path, entry]);
    await fc.assert(
      fc.asyncProperty(anyLayers, async (layers) => {
        const reference = new ReferenceTree();
        const directories: string[] = [];
        for (const members of layers) {
          directories.unshift((await unpackInto(scratch, reference.apply(members))).directory);
        }
        const { tree } = await unpackInto(scratch, Buffer.concat([...packUnion(directories)]));
        expect(comparable(tree)).toEqual(comparable(await withUnion(scratch, directories, readTree)));
      }),
      { numRuns: 60 },
    );
  });

  test('keeps what only a byte string, PAX or an attribute can hold', async () => {
    const directory = mkdtempSync(join(scratch, 'special-'));
    const latin = Buffer.concat([Buffer.from(`${directory}/`), Buffer.from([0xe4, 0xff])]);
    writeFileSync(latin, 'bytes');
    writeFileSync(join(directory, 'ü'.repeat(120)), 'long');
    linkSync(join(directory, 'ü'.repeat(120)), join(directory, 'again'));
    symlinkSync('x'.repeat(400), join(directory, 'link'));
    lutimesSync(join(directory, 'link'), 1.5, -1.25);
    execFileSync('setfattr', ['-n', 'user.colour', '-v', 'red', join(directory, 'again')]);
    execFileSync('setcap', ['cap_net_raw+ep', join(directory, 'again')]);
    execFileSync('mknod', [join(directory, 'device'), 'b', '240', '70000']);
    execFileSync('chown', ['4000000:4000001', join(directory, 'link'), '--no-dereference']);
    chmodSync(latin, 0o4755);
    const { tree } = await unpackInto(scratch, packed(directory));
    expect(tree).toEqual(readTree(directory));
  });

  test('refuses an attribute that would come back as another one', () => {
    const directory = mkdtempSync(join(scratch, 'attribute-'));
    writeFileSync(join(directory, 'file'), '');
    execFileSync('setfattr', ['-n', 'user.a=b', '-v', 'c', join(directory, 'file')]);
    const refused = expect.objectContaining({ code: 'ERR_RCX_LAYER_XATTR', path: '/file' });
    expect(() => packed(directory)).toThrow(refused);
    expect(() => Buffer.concat([...packUnion([directory])])).toThrow(refused);
  });

  test('leaves sockets out', async () => {
    const directory = mkdtempSync(join(scratch, 'socket-'));
    const server = createServer().listen(join(directory, 'socket'));
    await new Promise((resolve) => server.once('listening', resolve));
    writeFileSync(join(directory, 'file'), '');
    expect(list(packed(directory))).toEqual(['directory ./', 'file file']);
    server.close();
  });
});

describeWith({ root: true }, 'what overlay writes', () => {
  /** Changes an image of one layer through the kernel's own overlay; returns the read-write layer. */
  function change(script: string): string {
    const folder = mkdtempSync(join(scratch, 'overlay-'));
    for (const name of ['lower/dir/sub', 'lower/gone', 'upper', 'work', 'merged'])
      mkdirSync(join(folder, name), { recursive: true });
    writeFileSync(join(folder, 'lower/dir/file'), 'lower');
    writeFileSync(join(folder, 'lower/plain'), 'lower');
    const layers = `lowerdir=${folder}/lower,upperdir=${folder}/upper,workdir=${folder}/work`;
    execFileSync('unshare', [
      '--mount',
      'sh',
      '-ec',
      `mount -t overlay overlay -o ${layers} ${folder}/merged; cd ${folder}/merged; ${script}`,
    ]);
    return join(folder, 'upper');
  }

  test('goes back to whiteouts', () => {
    expect(list(packed(change('rm plain; rm -r gone')))).toEqual(['directory ./', 'file .wh.gone', 'file .wh.plain']);
  });

  test('goes back to opaque directories, whose mark comes before what is in them', () => {
    expect(list(packed(change('rm -r dir; mkdir dir; echo new > dir/a')))).toEqual([
      'directory ./',
      'directory dir/',
      'file dir/.wh..wh..opq',
      'file dir/a',
    ]);
  });

  test('whiteouts that the kernel links with each other are no hard links', () => {
    const names = list(packed(change('rm dir/file plain; rm -r dir/sub')));
    expect(names).toEqual([
      'directory ./',
      'directory dir/',
      'file dir/.wh.file',
      'file dir/.wh.sub',
      'file .wh.plain',
    ]);
  });

  test('does not take overlay’s own attributes along', async () => {
    const archive = packed(change('rm -r dir; mkdir dir'));
    expect(archive.includes('overlay')).toBe(false);
  });

  test('a name that would mean a deletion is refused', () => {
    expect(() => packed(change('touch dir/.wh.other'))).toThrow(
      expect.objectContaining({ code: 'ERR_RCX_LAYER_NAME', path: '/dir/.wh.other' }),
    );
  });
});

describe('the same tree', () => {
  test('gives the same bytes in whatever order its files were made', () => {
    const make = (names: readonly string[]) => {
      const directory = mkdtempSync(join(scratch, 'order-'));
      for (const name of names) writeFileSync(join(directory, name), name);
      for (const name of names) utimesSync(join(directory, name), 5, 5);
      utimesSync(directory, 5, 5);
      return packed(directory);
    };
    const names = Array.from({ length: 200 }, (_, index) => `file-${index}`);
    expect(make(names).equals(make([...names].reverse()))).toBe(true);
  });

  test('can have its times cut, for builds that give the same image twice', () => {
    const directory = mkdtempSync(join(scratch, 'epoch-'));
    writeFileSync(join(directory, 'new'), '');
    writeFileSync(join(directory, 'old'), '');
    utimesSync(join(directory, 'old'), 100, 100);
    const cut = () => Buffer.concat([...packLayer(directory, { epoch: 1000 })]);
    const first = cut();
    utimesSync(join(directory, 'new'), 2000, 2000);
    expect(cut().equals(first)).toBe(true);
    utimesSync(join(directory, 'old'), 101, 101);
    expect(cut().equals(first)).toBe(false);
  });
});
