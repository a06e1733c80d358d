import { expect, it } from 'vitest';
import { metadataFor, rulesFor } from '../../../../ts/container/copy/metadata.ts';
import type { TreeEntry } from '../../../../ts/native/index.ts';

const [root, user] = [
  { privileged: true, ownership: 'given', userxattr: false } as const,
  { privileged: false, ownership: 'callers', userxattr: true } as const,
];
const xattr = (name: string) => ({ name, value: Buffer.from('x') });
const entry = (more: Partial<TreeEntry> = {}): TreeEntry => ({
  ...{ path: '', kind: 'file', mode: 0o755, uid: 1000, gid: 1001, mtime: 5, mtimeNsec: 6, size: 0, opaque: false },
  ...more,
});
const own = { uid: process.geteuid?.(), gid: process.getegid?.() };

it.each([
  ['in', false, root, { uid: 0, gid: 0 }],
  ['in', true, root, { uid: 1000, gid: 1001 }],
  ['out', false, root, own],
  ['out', true, root, { uid: 1000, gid: 1001 }],
  ['out', true, user, own],
] as const)('%s, archive %s: the owner', (direction, archive, sink, owner) =>
  expect(metadataFor(entry(), rulesFor(direction, archive, sink))).toMatchObject({ ...owner, mode: 0o755, mtime: 5 }),
);

it('setuid and setgid go with the owner they were meant for', () => {
  const mode = (archive: boolean, more: Partial<TreeEntry>) =>
    metadataFor(entry({ mode: 0o6755, ...more }), rulesFor('in', archive, root)).mode;
  expect(mode(true, {})).toBe(0o6755);
  expect(mode(false, {})).toBe(0o755);
  expect(mode(false, { uid: 0, gid: 0 })).toBe(0o6755);
  expect(mode(false, { uid: 0 })).toBe(0o4755);
  expect(mode(false, { kind: 'directory', mode: 0o3777 })).toBe(0o3777);
});

it('users’ attributes are kept always, what means something with an owner only with it, and never overlayfs’ own', () => {
  const names = ['security.capability', 'security.selinux', 'system.posix_acl_access', 'trusted.overlay.opaque'];
  const xattrs = ['user.a', 'user.overlay.opaque', ...names].map(xattr);
  const kept = (archive: boolean) =>
    metadataFor(entry({ xattrs }), rulesFor('in', archive, root)).xattrs?.map(({ name }) => name);
  expect(kept(false)).toEqual(['user.a']);
  expect(kept(true)).toEqual(['user.a', 'security.capability', 'system.posix_acl_access']);
});
