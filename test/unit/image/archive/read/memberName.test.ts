import { describe, expect, it } from 'vitest';
import { linkTarget, memberName } from '../../../../../ts/image/archive/read/memberName.ts';

const invalid = expect.objectContaining({ code: 'ERR_RCX_ARCHIVE_INVALID' });

describe('memberName', () => {
  it.each([
    ['manifest.json', 'manifest.json'],
    ['./manifest.json', 'manifest.json'],
    ['blobs/sha256/', 'blobs/sha256'],
    ['blobs//sha256/./x', 'blobs/sha256/x'],
    ['./', ''],
    ['..x/x..', '..x/x..'],
    ['\xff\xfe', '\xff\xfe'],
  ])('%j is %j', (raw, name) => expect(memberName(raw)).toBe(name));

  it.each(['/', '/x', '..', '../x', 'x/..', 'x/../y', './../x', 'x'.repeat(4097)])('refuses %j', (raw) => {
    expect(() => memberName(raw)).toThrow(invalid);
  });
});

describe('linkTarget', () => {
  it.each([
    ['a/layer.tar', 'symlink', '../b.tar', 'b.tar'],
    ['a/layer.tar', 'symlink', 'b.tar', 'a/b.tar'],
    ['a/b/c', 'symlink', '.././../d/./e', 'd/e'],
    ['a/layer.tar', 'hardlink', 'b.tar', 'b.tar'],
    ['a/layer.tar', 'hardlink', './c/../b.tar', 'b.tar'],
    ['a', 'symlink', '', ''],
  ] as const)('%s, a %s to %s, leads to %s', (from, type, raw, target) => {
    expect(linkTarget(from, type, raw)).toBe(target);
  });

  it.each([
    ['a', 'symlink', '/b'],
    ['a', 'symlink', '../b'],
    ['a/b', 'symlink', '../../c/a'],
    ['a/b', 'hardlink', '../b'],
    ['a/b', 'hardlink', '/b'],
  ] as const)('refuses %s, a %s to %s', (from, type, raw) => {
    expect(() => linkTarget(from, type, raw)).toThrow(invalid);
  });
});
