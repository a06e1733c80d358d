import { describe, expect, test } from 'vitest';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';
import { unpackInto } from '../../support/unpacking.ts';

const scratch = scratchDirectory();
const tar = () => new TarBuilder();
const OPAQUE = { 'trusted.overlay.opaque': '0x79' };

describe('duplicate entries', () => {
  test('of two files the last one counts', async () => {
    const archive = tar().file('a', 'first', { mode: 0o600 }).file('a', 'second!', { mode: 0o644 }).build();
    expect((await unpackInto(scratch, archive)).tree.a).toMatchObject({ size: 7, mode: '0644' });
  });

  test('a file that is replaced keeps its other name', async () => {
    const archive = tar().file('a', 'first').hardlink('b', 'a').file('a', 'second!').build();
    const { tree } = await unpackInto(scratch, archive);
    expect([tree.a?.size, tree.b?.size]).toEqual([7, 5]);
  });

  test('a directory described twice keeps its content and gets the last description, attributes included', async () => {
    const archive = tar()
      .pax([['SCHILY.xattr.user.old', '1']])
      .directory('d', { mode: 0o700, mtime: 1 })
      .file('d/a')
      .directory('d', { mode: 0o750, uid: 9, mtime: 2 })
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect(tree.d).toEqual({ type: 'directory', mode: '0750', owner: '9:0', mtime: '2.000000000' });
    expect(tree['d/a']).toBeDefined();
  });
});

describe('another type under the same name', () => {
  test('a file takes the place of a directory with all it holds', async () => {
    const archive = tar().directory('d').file('d/a/b/c', 'x').file('d', 'file').build();
    const { tree } = await unpackInto(scratch, archive);
    expect(Object.keys(tree)).toEqual(['.', 'd']);
    expect(tree.d?.type).toBe('file');
  });

  test('a directory takes the place of a file, and hides a directory below as the file did', async () => {
    const { tree } = await unpackInto(scratch, tar().file('d', 'file').directory('d').file('d/a').build());
    expect(tree.d).toMatchObject({ type: 'directory', xattrs: OPAQUE });
    expect(tree['d/a']).toBeDefined();
  });

  test('a directory takes the place of a symbolic link instead of going where it leads', async () => {
    const archive = tar().directory('t').symlink('d', 't').directory('d', { mode: 0o700 }).file('d/a').build();
    const { tree } = await unpackInto(scratch, archive);
    expect(tree.d?.type).toBe('directory');
    expect(Object.keys(tree)).toEqual(['.', 'd', 'd/a', 't']);
    expect(tree.t?.mode).toBe('0755');
  });

  test('a symbolic link takes the place of a directory; what follows goes where it leads', async () => {
    const archive = tar().directory('t').file('d/a').symlink('d', 't').file('d/b').build();
    expect(Object.keys((await unpackInto(scratch, archive)).tree)).toEqual(['.', 'd', 't', 't/b']);
  });

  test('the description of a directory that is gone does not touch its successor', async () => {
    const archive = tar()
      .directory('t', { mode: 0o711, mtime: 5 })
      .directory('d', { mode: 0o700, uid: 9, mtime: 6 })
      .symlink('d', 't')
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect(tree.t).toMatchObject({ mode: '0711', owner: '0:0', mtime: '5.000000000' });
    expect(tree.d?.type).toBe('symlink');
  });

  test('a node takes the place of a directory, a file that of a node', async () => {
    const archive = tar()
      .file('d/a')
      .add({ name: 'd', type: '6' })
      .add({ name: 'n', type: '3', major: 1, minor: 3 })
      .file('n', 'x')
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect([tree.d?.type, tree.n?.type]).toEqual(['fifo', 'file']);
  });
});

describe('parents', () => {
  test('missing ones are made, always the same', async () => {
    const { tree } = await unpackInto(scratch, tar().file('a/b/c', 'x').build());
    const implied = { type: 'directory', mode: '0755', owner: '0:0', mtime: '0.000000000' };
    expect([tree.a, tree['a/b']]).toEqual([implied, implied]);
  });

  test('arriving later they are described', async () => {
    const archive = tar().file('a/b', 'x').directory('a', { mode: 0o700, uid: 8, mtime: 3 }).build();
    expect((await unpackInto(scratch, archive)).tree.a).toMatchObject({
      mode: '0700',
      owner: '8:0',
      mtime: '3.000000000',
    });
  });

  test('a symbolic link among them is followed within the layer', async () => {
    const archive = tar()
      .directory('usr/lib')
      .symlink('lib', 'usr/lib')
      .symlink('abs', '/usr')
      .symlink('usr/up', '../usr/lib/..')
      .file('lib/a')
      .file('abs/lib/b')
      .file('usr/up/lib/c')
      .build();
    const { tree } = await unpackInto(scratch, archive);
    expect(Object.keys(tree).filter((path) => tree[path]?.type === 'file')).toEqual([
      'usr/lib/a',
      'usr/lib/b',
      'usr/lib/c',
    ]);
  });

  test('a symbolic link to a directory that only a lower layer has makes that directory', async () => {
    const { tree } = await unpackInto(scratch, tar().symlink('lib', '/usr/lib').file('lib/a', 'x').build());
    expect(Object.keys(tree)).toEqual(['.', 'lib', 'usr', 'usr/lib', 'usr/lib/a']);
  });

  test('a directory reached through a symbolic link is described where it is', async () => {
    const archive = tar()
      .directory('t')
      .symlink('l', 't')
      .directory('l/d', { mode: 0o700, mtime: 4 })
      .file('l/d/f')
      .build();
    expect((await unpackInto(scratch, archive)).tree['t/d']).toMatchObject({ mode: '0700', mtime: '4.000000000' });
  });
});
