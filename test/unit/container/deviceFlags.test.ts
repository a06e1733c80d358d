import { describe, expect, it } from 'vitest';
import { parseDevice, parseDeviceRule } from '../../../ts/container/deviceFlags.ts';
import { specDeviceRule } from '../../../ts/container/spec/deviceRules.ts';

const INVALID = expect.objectContaining({ code: 'ERR_RCX_INVALID_DEVICE' });

describe('parseDevice', () => {
  it.each([
    ['/dev/a', '/dev/a', '/dev/a', 'rwm'],
    ['/dev/a:/dev/b', '/dev/a', '/dev/b', 'rwm'],
    ['/dev/a:rw', '/dev/a', '/dev/a', 'rw'],
    ['/dev/a:/srv/b:r', '/dev/a', '/srv/b', 'r'],
    ['/dev//a/:/dev/./b:mwr', '/dev/a', '/dev/b', 'mwr'],
  ])('%s', (text, source, target, access) => {
    expect(parseDevice(text)).toEqual({ source, target, access });
  });

  it.each([
    '',
    'dev/a',
    '/dev/a:x',
    '/dev/a:/dev/b:rr',
    '/dev/a:/dev/b:x',
    '/dev/a:/dev/b:',
    '/dev/a::r',
    '/dev/a:/dev/b:r:w',
    '/dev/a:/',
    'nvidia.com/gpu=all',
  ])('refuses %j', (text) => {
    expect(() => parseDevice(text)).toThrow(INVALID);
  });
});

describe('device rules', () => {
  it('are in the words of cgroup v1', () => {
    expect(specDeviceRule(parseDeviceRule('c 1:3 rwm'))).toEqual({
      allow: true,
      type: 'c',
      major: 1,
      minor: 3,
      access: 'rwm',
    });
    expect(specDeviceRule(parseDeviceRule('a 7:* m'))).toEqual({ allow: true, type: 'a', major: 7, access: 'm' });
    expect(specDeviceRule(parseDeviceRule('b *:* r'))).toEqual({ allow: true, type: 'b', access: 'r' });
  });

  it.each(['', 'x 1:3 r', 'c 1 r', 'c 1:3', 'c 1:3 rwx', 'c 1:3 rwmr', 'c -1:3 r', 'c 1:3 r '])(
    'refuses %j',
    (text) => {
      expect(() => parseDeviceRule(text)).toThrow(INVALID);
    },
  );
});
