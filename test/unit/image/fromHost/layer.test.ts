import { linkSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { list, type ReadEntry } from 'tar';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HostRoot } from '../../../../ts/image/fromHost/hostRoot.ts';
import { layerArchive, layerTime, measure } from '../../../../ts/image/fromHost/layer.ts';
import { ImageTree } from '../../../../ts/image/fromHost/tree.ts';
import { HostFixture } from './hostFixture.ts';

const TIME = 1_600_000_000;

let fixture: HostFixture;
beforeEach(() => {
  fixture = new HostFixture();
});
afterEach(() => fixture.remove());

/** The fixture's files as a tree, `paths` added in this order. */
function treeOf(...paths: string[]): ImageTree {
  const tree = new ImageTree(new HostRoot(fixture.root));
  for (const path of paths) expect(tree.addHostPath(path)).toBe(true);
  return tree;
}

function archiveOf(tree: ImageTree): Buffer {
  const entries = tree.entries();
  return Buffer.concat([...layerArchive(entries, layerTime(entries))]);
}

interface Listed {
  path: string;
  type: string;
  mode: number | undefined;
  mtime: number;
  linkpath: string | undefined;
  content: string;
}

/** What an archive says, read by another piece of code than the one that wrote it. */
async function listed(archive: Buffer): Promise<Listed[]> {
  const found: Listed[] = [];
  const parser = list({
    strict: true,
    onReadEntry: (entry: ReadEntry) => {
      const line: Listed = {
        path: entry.path,
        type: entry.type,
        mode: entry.mode,
        mtime: (entry.mtime?.getTime() ?? 0) / 1000,
        linkpath: entry.linkpath || undefined,
        content: '',
      };
      found.push(line);
      entry.on('data', (chunk: Buffer) => {
        line.content += chunk.toString();
      });
    },
  });
  await new Promise<void>((resolve, reject) => {
    parser.on('end', resolve).on('error', reject);
    parser.end(archive);
  });
  return found;
}

function place(path: string, content: string, seconds = TIME, mode = 0o755): void {
  fixture.file(path, content, mode);
  utimesSync(join(fixture.root, path), seconds, seconds);
}

describe('layerArchive', () => {
  it('holds directories, files and links with their permissions, times and content', async () => {
    place('/usr/bin/tool', 'tool', TIME, 0o4755);
    fixture.link('/bin', 'usr/bin');
    const tree = treeOf('/bin/tool');
    tree.addDirectory('/tmp', 0o1777);
    tree.addText('/etc/passwd', 'root:x:0:0:::\n');
    expect(await listed(archiveOf(tree))).toEqual([
      { path: 'bin', type: 'SymbolicLink', mode: 0o777, mtime: TIME, linkpath: 'usr/bin', content: '' },
      { path: 'etc/', type: 'Directory', mode: 0o755, mtime: TIME, linkpath: undefined, content: '' },
      { path: 'etc/passwd', type: 'File', mode: 0o644, mtime: TIME, linkpath: undefined, content: 'root:x:0:0:::\n' },
      { path: 'tmp/', type: 'Directory', mode: 0o1777, mtime: TIME, linkpath: undefined, content: '' },
      { path: 'usr/', type: 'Directory', mode: 0o755, mtime: TIME, linkpath: undefined, content: '' },
      { path: 'usr/bin/', type: 'Directory', mode: 0o755, mtime: TIME, linkpath: undefined, content: '' },
      { path: 'usr/bin/tool', type: 'File', mode: 0o4755, mtime: TIME, linkpath: undefined, content: 'tool' },
    ]);
  });

  it('is the same bytes whatever the order things were added in, and whatever appeared beside them', () => {
    place('/a/one', '1');
    place('/b/two', '2', TIME + 5);
    const first = archiveOf(treeOf('/a/one', '/b/two'));
    fixture.file('/a/another', '');
    expect(archiveOf(treeOf('/b/two', '/a/one')).equals(first)).toBe(true);
  });

  it('gives what has no time of its own that of the newest file', async () => {
    place('/a/old', '1', TIME);
    place('/a/new', '2', TIME + 100);
    const times = (await listed(archiveOf(treeOf('/a/old', '/a/new')))).map((entry) => [entry.path, entry.mtime]);
    expect(times).toEqual([
      ['a/', TIME + 100],
      ['a/new', TIME + 100],
      ['a/old', TIME],
    ]);
  });

  it('stores names of one inode once', async () => {
    place('/bin/perl', 'program');
    linkSync(join(fixture.root, 'bin/perl'), join(fixture.root, 'bin/perl5'));
    const [, first, second] = await listed(archiveOf(treeOf('/bin/perl5', '/bin/perl')));
    expect(first).toMatchObject({ path: 'bin/perl', type: 'File', content: 'program' });
    expect(second).toMatchObject({ path: 'bin/perl5', type: 'Link', linkpath: 'bin/perl', content: '' });
  });

  it('keeps long names, and names that are not ASCII', async () => {
    const long = `/${'d'.repeat(120)}/${'é'.repeat(100)}`;
    place(long, 'x');
    fixture.link('/link', long);
    const entries = await listed(archiveOf(treeOf('/link')));
    expect(entries.at(-1)).toMatchObject({ path: 'link', linkpath: long });
    expect(entries.map((entry) => entry.path)).toContain(long.slice(1));
  });

  it('pads files that end anywhere in a block', async () => {
    const sizes = [0, 1, 511, 512, 513, (1 << 20) - 1, 1 << 20, (1 << 20) + 1];
    for (const size of sizes) place(`/f/${size}`, 'x'.repeat(size));
    const archive = archiveOf(treeOf(...sizes.map((size) => `/f/${size}`)));
    expect(archive.length % 512).toBe(0);
    const found = (await listed(archive)).filter((entry) => entry.type === 'File');
    expect(found.map((entry) => entry.content.length).sort((a, b) => a - b)).toEqual(sizes);
  });

  it.each([
    ['grows', 'longer than before'],
    ['shrinks', ''],
  ])('refuses a file that %s meanwhile', (_, content) => {
    place('/bin/tool', 'content');
    const tree = treeOf('/bin/tool');
    writeFileSync(join(fixture.root, 'bin/tool'), content);
    expect(() => archiveOf(tree)).toThrow(
      expect.objectContaining({
        code: 'ERR_RCX_HOST_FILE',
        message: expect.stringContaining('changed while it was read'),
      }),
    );
  });
});

it('measures size and digest', () => {
  const empty = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
  expect(measure([])).toEqual({ size: 0, hex: empty });
  expect(measure([Buffer.from('ab'), Buffer.from('c')])).toEqual({
    size: 3,
    hex: 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  });
});
