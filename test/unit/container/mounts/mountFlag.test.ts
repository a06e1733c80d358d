import { describe, expect, it } from 'vitest';
import { parseMount } from '../../../../ts/container/mounts/mountFlag.ts';

const bind = (source: string, target: string, ...options: string[]) => ({ type: 'bind', source, target, options });
const tmpfs = (target: string, ...options: string[]) => ({
  type: 'tmpfs',
  target,
  options: ['nosuid', 'nodev', 'noexec', ...options],
});

describe('type=bind', () => {
  it.each([
    ['type=bind,source=/a,target=/b', bind('/a', '/b')],
    ['type=bind,src=./a,dst=/b,readonly', bind('/work/a', '/b', 'ro')],
    ['type=bind,src=/a,destination=/b,ro=true', bind('/a', '/b', 'ro')],
    ['type=bind,src=/a,target=/b,readonly=1', bind('/a', '/b', 'ro')],
    ['type=bind,src=/a,target=/b,readonly=false', bind('/a', '/b')],
    ['Type=BIND,src=/a,target=/b,consistency=cached', bind('/a', '/b')],
    ['type=bind,src=/a,target=/b,bind-propagation=rshared', bind('/a', '/b', 'rshared')],
    ['type=bind,"src=/a,b",target=/b', bind('/a,b', '/b')],
  ])('%s', (text, expected) => {
    expect(parseMount(text, '/work')).toEqual(expected);
  });

  it.each([
    ['bind-recursive=disabled', 'disabled'],
    ['bind-recursive=enabled', 'enabled'],
    ['readonly,bind-recursive=writable', 'writable'],
    ['readonly,bind-recursive=readonly,bind-propagation=rprivate', 'readonly'],
    ['bind-nonrecursive', 'disabled'],
    ['bind-nonrecursive=true', 'disabled'],
    ['bind-nonrecursive=false', undefined],
  ])('%s', (more, recursive) => {
    expect(parseMount(`type=bind,src=/a,target=/b,${more}`).bind?.recursive).toBe(recursive);
  });
});

describe('type=volume', () => {
  it.each([
    ['source=v1,target=/b', { type: 'volume', source: 'v1', target: '/b', options: [] }],
    ['type=volume,target=/b', { type: 'volume', target: '/b', options: [] }],
    ['type=volume,src=v1,dst=/b,ro', { type: 'volume', source: 'v1', target: '/b', options: ['ro'] }],
  ])('%s', (text, expected) => {
    expect(parseMount(text)).toEqual(expected);
  });

  it('takes labels, options of the driver, a subpath and nocopy', () => {
    const text =
      'src=v1,target=/b,volume-nocopy,volume-subpath=a/b,volume-label=x=1,volume-label=y,volume-driver=local,' +
      'volume-opt=type=tmpfs,volume-opt=device=tmpfs,"volume-opt=o=size=1m,uid=1"';
    expect(parseMount(text).volume).toEqual({
      noCopy: true,
      subpath: 'a/b',
      labels: { x: '1', y: '' },
      driver: 'local',
      driverOptions: { type: 'tmpfs', device: 'tmpfs', o: 'size=1m,uid=1' },
    });
  });
});

it.each([
  ['type=tmpfs,target=/t', tmpfs('/t')],
  ['type=tmpfs,dst=/t,tmpfs-size=1m,tmpfs-mode=1770', tmpfs('/t', 'size=1048576', 'mode=1770')],
  ['type=tmpfs,dst=/t,tmpfs-size=1.5KB', tmpfs('/t', 'size=1536')],
  ['type=tmpfs,dst=/t,tmpfs-size=4096', tmpfs('/t', 'size=4096')],
  ['type=tmpfs,dst=/t,readonly', tmpfs('/t', 'ro')],
  ['type=image,source=img,target=/i', { type: 'image', source: 'img', target: '/i', options: ['ro'] }],
  [
    'type=image,source=img,target=/i,image-subpath=etc',
    { type: 'image', source: 'img', target: '/i', options: ['ro'], image: { subpath: 'etc' } },
  ],
])('%s', (text, expected) => {
  expect(parseMount(text)).toEqual(expected);
});

it.each([
  ['', /unexpected key/],
  ['type=bind,target=/b', /source/],
  ['type=bind,source=/a', /target is required/],
  ['type=bind,source=/a,target=b', /must be absolute/],
  ['type=bind,source=/a,target=/b,bogus=1', /unexpected key "bogus"/],
  ['type=bind,source=/a,target', /invalid field 'target' must be a key=value pair/],
  ['type=bind,source=/a,target=/b,readonly=maybe', /invalid value for readonly: maybe/],
  ['type=bind,source=/a,target=/b,volume-nocopy', /cannot mix 'volume-\*' options with mount type 'bind'/],
  ['type=bind,source=/a,target=/b,tmpfs-size=1', /cannot mix 'tmpfs-\*'/],
  ['type=bind,source=/a,target=/b,bind-propagation=up', /invalid propagation: up/],
  ['type=bind,source=/a,target=/b,bind-recursive=readonly', /requires 'readonly'/],
  ['type=bind,source=/a,target=/b,ro,bind-recursive=readonly', /requires 'bind-propagation=rprivate'/],
  ['type=bind,source=/a,target=/b,bind-recursive=some', /invalid value for bind-recursive/],
  ['type=bind,source=/a,source=/b,target=/b', /given twice/],
  ['type=bind,source=/a,src=/b,target=/b', /given twice/],
  ['type=volume,source=v1,target=/b,volume-subpath=/etc', /relative path within the volume/],
  ['type=volume,source=v1,target=/b,volume-subpath=a/../../b', /relative path within the volume/],
  ['type=volume,source=/v,target=/b', /invalid characters/],
  ['type=volume,source=v1,target=/b,volume-driver=rexray', /only driver is local/],
  ['type=volume,source=v1,target=/b,volume-opt=size=1m', /quota/],
  ['type=tmpfs,target=/t,source=/a', /no source/],
  ['type=tmpfs,target=/t,tmpfs-size=much', /tmpfs-size/],
  ['type=tmpfs,target=/t,tmpfs-mode=8', /tmpfs-mode/],
  ['type=tmpfs', /target is required/],
  ['type=image,target=/t', /source=IMAGE/],
  ['type=npipe,source=a,target=/t', /type=npipe is not known here/],
  ['type=bind,source="/a,target=/t', /quotes/],
])('refuses %j', (text, hint) => {
  const expected = { code: 'ERR_RCX_INVALID_MOUNT', hint: expect.stringMatching(hint) };
  expect(() => parseMount(text)).toThrow(expect.objectContaining(expected));
});
