import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { scratchDirectory } from '../support/scratch.ts';
import { TarBuilder } from '../support/tarBuilder.ts';
import { readTree, type Tree } from '../support/tree.ts';
import { unpackInto } from '../support/unpacking.ts';

// No entry may write, link to, delete or change anything outside its layer: CVE-2024-9676, CVE-2021-32803, "zip slip".
const scratch = scratchDirectory();
const tar = () => new TarBuilder();

let jail: string;
let victim: string;
let before: Tree;

beforeEach(() => {
  jail = mkdtempSync(join(scratch, 'jail-'));
  victim = join(jail, 'victim');
  mkdirSync(join(victim, 'directory'), { recursive: true });
  writeFileSync(join(victim, 'secret'), 'untouched');
  before = readTree(victim);
});

/** Archives by what they try; each gets the absolute path of the victim and a relative one from within a layer. */
const ATTACKS: Record<string, (absolute: string, relative: string) => TarBuilder> = {
  'a relative name': (_, relative) => tar().file(`${relative}/secret`, 'owned'),
  'a relative name after a directory': (_, relative) =>
    tar().directory('a/b').file(`a/b/../../${relative}/secret`, 'owned'),
  'an absolute name': (absolute) => tar().file(`${absolute}/secret`, 'owned'),
  'a name in a PAX record': (_, relative) =>
    tar()
      .pax([['path', `${relative}/secret`]])
      .file('x', 'owned'),
  'a GNU long name': (absolute) => tar().longName(`${absolute}/secret`).file('x', 'owned'),
  'an absolute symbolic link as parent': (absolute) => tar().symlink('l', absolute).file('l/secret', 'owned'),
  'a relative symbolic link as parent': (_, relative) => tar().symlink('l', relative).file('l/secret', 'owned'),
  'a chain of symbolic links': (absolute) =>
    tar().symlink('a', 'b').symlink('b', 'c/d').directory('c').symlink('c/d', absolute).file('a/secret', 'owned'),
  'a symbolic link put in the place of a directory that was in use': (absolute) =>
    tar().directory('d').file('d/first').symlink('d', absolute).file('d/secret', 'owned'),
  'a symbolic link through /proc': () => tar().symlink('l', '/proc/self/cwd').file('l/secret', 'owned'),
  'an existing symbolic link as the file to write': (absolute) =>
    tar().symlink('l', `${absolute}/secret`).file('l', 'owned'),
  'a directory entry on a symbolic link': (absolute) =>
    tar().symlink('l', `${absolute}/directory`).directory('l', { mode: 0o777, uid: 5, mtime: 1 }),
  'a directory that becomes a symbolic link before its description is applied': (absolute) =>
    tar().directory('d', { mode: 0o777, uid: 5, mtime: 1 }).symlink('d', `${absolute}/directory`),
  'a hard link to the outside, then a write through it': (absolute) =>
    tar().hardlink('h', `${absolute}/secret`).file('h', 'owned'),
  'a hard link through a symbolic link': (absolute) => tar().symlink('l', absolute).hardlink('h', 'l/secret'),
  'a hard link to a symbolic link to the outside, then a write': (absolute) =>
    tar().symlink('l', `${absolute}/secret`).hardlink('h', 'l').file('h/x', 'owned'),
  'a whiteout behind a symbolic link': (absolute) => tar().symlink('l', absolute).file('l/.wh.secret'),
  'a whiteout with a relative name': (_, relative) => tar().file(`${relative}/.wh.secret`),
  'an opaque marker behind a symbolic link': (absolute) =>
    tar().symlink('l', absolute).file('l/directory/.wh..wh..opq'),
  'a replacement of a directory behind a symbolic link': (absolute) =>
    tar().symlink('l', absolute).file('l/directory', 'owned'),
  'a device behind a symbolic link': (absolute) =>
    tar().symlink('l', absolute).add({ name: 'l/null', type: '3', major: 1, minor: 3 }),
  'extended attributes on a symbolic link': (absolute) =>
    tar()
      .pax([['SCHILY.xattr.trusted.owned', '1']])
      .symlink('l', `${absolute}/secret`),
};

describe('outside the layer nothing changes', () => {
  test.each(Object.keys(ATTACKS))('%s', async (name) => {
    const archive = ATTACKS[name]?.(victim, '../victim').build() ?? Buffer.alloc(0);
    const outcome = await unpackInto(jail, archive).then(
      () => 'unpacked within the layer',
      (error: { code?: string }) => error.code,
    );
    expect(['unpacked within the layer', 'ERR_RCX_LAYER_INVALID', 'ERR_RCX_LAYER_WRITE']).toContain(outcome);
    expect(readTree(victim)).toEqual(before);
  });
});

describe('overlay’s own attributes are never imported', () => {
  test.each([
    'trusted.overlay.opaque',
    'trusted.overlay.redirect',
    'trusted.overlay.metacopy',
    'user.overlay.whiteout',
  ])('%s', async (name) => {
    const records = [[`SCHILY.xattr.${name}`, 'y']] as const;
    const { tree } = await unpackInto(scratch, tar().pax(records).directory('d').pax(records).file('f').build());
    expect([tree.d?.xattrs, tree.f?.xattrs]).toEqual([undefined, undefined]);
  });
});
