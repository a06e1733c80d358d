import { expect, it } from 'vitest';
import { parseTmpfs } from '../../../../ts/container/mounts/tmpfsFlag.ts';

const tmpfs = (target: string, text: string, ...options: string[]) => ({
  type: 'tmpfs',
  target,
  options: ['nosuid', 'nodev', 'noexec', ...options],
  flag: { name: '--tmpfs', text },
});

it.each([
  ['/t', tmpfs('/t', '')],
  ['/t:', tmpfs('/t', '')],
  ['/t:size=64m,mode=700', tmpfs('/t', 'size=64m,mode=700', 'size=64m', 'mode=700')],
  ['/t:exec', tmpfs('/t', 'exec', 'exec')],
  [
    '/t:rw,suid,dev,noatime,size=50%,uid=1000,gid=7,nr_inodes=1k',
    tmpfs(
      '/t',
      'rw,suid,dev,noatime,size=50%,uid=1000,gid=7,nr_inodes=1k',
      ...'rw,suid,dev,noatime,size=50%,uid=1000,gid=7,nr_inodes=1k'.split(','),
    ),
  ],
])('%s', (text, expected) => {
  expect(parseTmpfs(text)).toEqual(expected);
});

it.each(['', 't', '/', ':size=1m', '/t:foo=1', '/t:size=x', '/t:mode=999', '/t:uid=me', '/t:bind', '/t:ro=1'])(
  'refuses %j',
  (text) => {
    expect(() => parseTmpfs(text)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_MOUNT' }));
  },
);
