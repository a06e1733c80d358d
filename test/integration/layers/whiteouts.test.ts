import { describe, expect, test } from 'vitest';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';
import { unpackInto } from '../../support/unpacking.ts';

const scratch = scratchDirectory();
const tar = () => new TarBuilder();
const OPAQUE = { 'trusted.overlay.opaque': '0x79' };
const WHITEOUT = { type: 'character', device: '0:0' };

describe('whiteouts', () => {
  test('a whiteout is a character device 0/0', async () => {
    const { tree } = await unpackInto(scratch, tar().directory('d').file('d/.wh.a').file('.wh.b').build());
    expect(Object.keys(tree)).toEqual(['.', 'b', 'd', 'd/a']);
    expect([tree.b, tree['d/a']]).toMatchObject([WHITEOUT, WHITEOUT]);
  });

  test.each([
    ['hard link', tar().file('.wh.a').hardlink('.wh.b', '.wh.a').build()],
    ['hard link to nothing', tar().file('.wh.a').hardlink('.wh.b', '.wh.gone').build()],
    ['symbolic link', tar().file('.wh.a').symlink('.wh.b', 'x').build()],
    ['directory', tar().file('.wh.a').directory('.wh.b/').build()],
  ])('stored as a %s it is still one', async (_, archive) => {
    const { tree } = await unpackInto(scratch, archive);
    expect([tree.a, tree.b]).toMatchObject([WHITEOUT, WHITEOUT]);
  });

  test.each([
    ['after', tar().file('a', 'x').file('.wh.a').build()],
    ['before', tar().file('.wh.a').file('a', 'x').build()],
  ])('it leaves a file of its own layer alone, standing %s it', async (_, archive) => {
    expect((await unpackInto(scratch, archive)).tree.a).toMatchObject({ type: 'file', size: 1 });
  });

  test.each([
    ['after', tar().directory('d', { mode: 0o700 }).file('d/a').file('.wh.d').build()],
    ['before', tar().file('.wh.d').directory('d', { mode: 0o700 }).file('d/a').build()],
    ['within', tar().directory('d', { mode: 0o700 }).file('.wh.d').file('d/a').build()],
  ])('of a directory of its own layer it leaves just that, standing %s it', async (_, archive) => {
    const { tree } = await unpackInto(scratch, archive);
    expect(Object.keys(tree)).toEqual(['.', 'd', 'd/a']);
    expect(tree.d).toMatchObject({ type: 'directory', mode: '0700', xattrs: OPAQUE });
  });

  test('a file below it makes it a directory that hides', async () => {
    const { tree } = await unpackInto(scratch, tar().file('.wh.d').file('d/a', 'x').build());
    expect(tree.d).toMatchObject({ type: 'directory', xattrs: OPAQUE });
  });

  test('a file below it, in a directory that hides everything, is kept', async () => {
    const archive = tar().file('d/.wh.e').file('d/e/a', 'x').file('d/.wh..wh..opq').build();
    expect(Object.keys((await unpackInto(scratch, archive)).tree)).toEqual(['.', 'd', 'd/e', 'd/e/a']);
  });

  test('twice is once', async () => {
    const { tree } = await unpackInto(scratch, tar().file('.wh.a').file('.wh.a').build());
    expect(Object.keys(tree)).toEqual(['.', 'a']);
  });

  test('below a symbolic link it is where the link leads', async () => {
    const { tree } = await unpackInto(scratch, tar().directory('t').symlink('l', 't').file('l/.wh.a').build());
    expect(tree['t/a']).toMatchObject(WHITEOUT);
  });

  test('names that only contain .wh. are ordinary', async () => {
    const { tree } = await unpackInto(scratch, tar().file('a.wh.b', 'x').file('.whx', 'y').file('d/.wh', 'z').build());
    expect(Object.keys(tree)).toEqual(['.', '.whx', 'a.wh.b', 'd', 'd/.wh']);
  });

  test('what AUFS kept for itself is left out', async () => {
    const archive = tar()
      .file('.wh..wh.aufs')
      .directory('.wh..wh.plnk')
      .file('.wh..wh.plnk/12.34', 'x')
      .file('a')
      .build();
    expect(Object.keys((await unpackInto(scratch, archive)).tree)).toEqual(['.', 'a']);
  });
});

describe('opaque directories', () => {
  test.each([
    ['first', tar().file('d/.wh..wh..opq').directory('d', { mode: 0o700 }).file('d/a').build()],
    ['in the middle', tar().directory('d', { mode: 0o700 }).file('d/.wh..wh..opq').file('d/a').build()],
    ['last', tar().directory('d', { mode: 0o700 }).file('d/a').file('d/.wh..wh..opq').build()],
  ])('the marker standing %s hides the layers below and nothing of its own', async (_, archive) => {
    const { tree } = await unpackInto(scratch, archive);
    expect(Object.keys(tree)).toEqual(['.', 'd', 'd/a']);
    expect(tree.d).toMatchObject({ mode: '0700', xattrs: OPAQUE });
  });

  test.each([
    ['hard link', tar().directory('d').file('a').hardlink('d/.wh..wh..opq', 'a').build()],
    ['symbolic link', tar().directory('d').file('a').symlink('d/.wh..wh..opq', 'x').build()],
    ['directory', tar().directory('d').file('a').directory('d/.wh..wh..opq/').build()],
  ])('a marker stored as a %s is still one', async (_, archive) => {
    const { tree } = await unpackInto(scratch, archive);
    expect(Object.keys(tree)).toEqual(['.', 'a', 'd']);
    expect(tree.d?.xattrs).toEqual(OPAQUE);
  });

  test('without privilege they are marked for userxattr mounts', async () => {
    const archive = tar().directory('d').file('d/.wh..wh..opq').build();
    const { tree } = await unpackInto(scratch, archive, { unprivileged: true });
    expect(tree.d?.xattrs).toEqual({ 'user.overlay.opaque': '0x79' });
  });

  test('a marker in the root is said of the layer: overlay does not look for it there', async () => {
    const { tree, result } = await unpackInto(scratch, tar().file('.wh..wh..opq').file('a').build());
    expect(result.opaqueRoot).toBe(true);
    expect(tree['.']?.xattrs).toBeUndefined();
  });

  test('a marker behind a symbolic link to the root is one of the root', async () => {
    const { result } = await unpackInto(scratch, tar().symlink('l', '/').file('l/.wh..wh..opq').build());
    expect(result.opaqueRoot).toBe(true);
  });

  test('whiteouts in and below it are needless, and would be listed by overlay: they are left out', async () => {
    const archive = tar().file('d/.wh.a').file('d/e/.wh.b').file('d/c').file('d/.wh..wh..opq').file('e/.wh.f').build();
    const { tree } = await unpackInto(scratch, archive);
    expect(Object.keys(tree)).toEqual(['.', 'd', 'd/c', 'd/e', 'e', 'e/f']);
  });

  test('a directory that went and came again hides what was there before', async () => {
    const archive = tar().directory('d').file('d/.wh..wh..opq').file('d', 'x').directory('d').build();
    expect((await unpackInto(scratch, archive)).tree.d?.xattrs).toEqual(OPAQUE);
  });
});
