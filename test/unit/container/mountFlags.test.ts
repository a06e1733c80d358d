import { describe, expect, it } from 'vitest';
import { parseMount, parseTmpfs, parseVolume } from '../../../ts/container/mountFlags.ts';

const invalid = expect.objectContaining({ code: 'ERR_RCX_INVALID_MOUNT' });
const bind = (source: string, target: string, ...options: string[]) => ({
  type: 'bind',
  source,
  target,
  options: ['rbind', ...options],
});
const tmpfs = (target: string, ...options: string[]) => ({
  type: 'tmpfs',
  target,
  options: ['nosuid', 'nodev', 'noexec', ...options],
});

describe('-v', () => {
  it.each([
    ['/a:/b', bind('/a', '/b')],
    ['/a:/b:ro', bind('/a', '/b', 'ro')],
    ['/a:/b:rw,rslave', bind('/a', '/b', 'rw', 'rslave')],
    ['/a:/b:', bind('/a', '/b')],
    ['/a:/b:ro,cached', bind('/a', '/b', 'ro')],
    ['./x:/b', bind('/work/x', '/b')],
    ['../x:/b', bind('/x', '/b')],
    ['.:/b', bind('/work', '/b')],
    ['/a/../b:/c', bind('/b', '/c')],
  ])('%s', (text, expected) => {
    expect(parseVolume(text, '/work')).toEqual(expected);
  });

  it.each(['', '/a', '/a:', ':/b', '/a:b', '/a:/b:ro:x', '/a:/', '/a:/..', '/a:/b:exec,bogus'])(
    'refuses %j',
    (text) => {
      expect(() => parseVolume(text, '/work')).toThrow(invalid);
    },
  );

  it('tells apart a volume’s name from a path', () => {
    expect(() => parseVolume('data:/b', '/work')).toThrow(
      expect.objectContaining({ hint: expect.stringContaining('data would be a named volume') }),
    );
  });
});

describe('--mount', () => {
  it.each([
    ['type=bind,source=/a,target=/b', bind('/a', '/b')],
    ['type=bind,src=./a,dst=/b,readonly', bind('/work/a', '/b', 'ro')],
    ['type=bind,src=/a,destination=/b,ro=true', bind('/a', '/b', 'ro')],
    ['type=bind,src=/a,target=/b,readonly=1', bind('/a', '/b', 'ro')],
    ['type=bind,src=/a,target=/b,readonly=false', bind('/a', '/b')],
    ['type=bind,src=/a,target=/b,bind-propagation=rshared', bind('/a', '/b', 'rshared')],
    ['type=tmpfs,target=/t', tmpfs('/t')],
    ['type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1770', tmpfs('/t', 'size=1m', 'mode=1770')],
    ['type=tmpfs,dst=/t,readonly', tmpfs('/t', 'ro')],
  ])('%s', (text, expected) => {
    expect(parseMount(text, '/work')).toEqual(expected);
  });

  it.each([
    '',
    'type=bind,target=/b',
    'type=bind,source=/a',
    'type=bind,source=/a,target=b',
    'type=bind,source=/a,target=/b,bogus=1',
    'type=volume,source=v,target=/b',
    'type=tmpfs,target=/t,source=/a',
    'type=tmpfs',
    'source=/a,target=/b',
  ])('refuses %j', (text) => {
    expect(() => parseMount(text, '/work')).toThrow(invalid);
  });
});

describe('--tmpfs', () => {
  it.each([
    ['/t', tmpfs('/t')],
    ['/t:', tmpfs('/t')],
    ['/t:size=64m,mode=700', tmpfs('/t', 'size=64m', 'mode=700')],
    ['/t:exec', tmpfs('/t', 'exec')],
    [
      '/t:rw,suid,dev,noatime,size=50%,uid=1000,gid=7,nr_inodes=1k',
      tmpfs('/t', ...'rw,suid,dev,noatime,size=50%,uid=1000,gid=7,nr_inodes=1k'.split(',')),
    ],
  ])('%s', (text, expected) => {
    expect(parseTmpfs(text)).toEqual(expected);
  });

  it.each(['', 't', '/', ':size=1m', '/t:foo=1', '/t:size=x', '/t:mode=999', '/t:uid=me', '/t:bind', '/t:ro=1'])(
    'refuses %j',
    (text) => {
      expect(() => parseTmpfs(text)).toThrow(invalid);
    },
  );
});
