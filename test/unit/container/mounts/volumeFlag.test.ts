import { describe, expect, it } from 'vitest';
import { parseVolume } from '../../../../ts/container/mounts/volumeFlag.ts';

const invalid = expect.objectContaining({ code: 'ERR_RCX_INVALID_MOUNT' });
const bind = (source: string, target: string, mode: string, ...options: string[]) => ({
  type: 'bind',
  source,
  target,
  options,
  bind: { createSource: true },
  flag: { name: '-v', text: `${source}:${target}${mode === '' ? '' : `:${mode}`}` },
});
const volume = (source: string, target: string, mode: string, ...options: string[]) => ({
  type: 'volume',
  source,
  target,
  options,
  flag: { name: '-v', text: `${source}:${target}${mode === '' ? '' : `:${mode}`}` },
});

describe('-v with a path of the host', () => {
  it.each([
    ['/a:/b', bind('/a', '/b', '')],
    ['/a:/b:ro', bind('/a', '/b', 'ro', 'ro')],
    ['/a:/b:rw,rslave', bind('/a', '/b', 'rw,rslave', 'rw', 'rslave')],
    ['/a:/b:', bind('/a', '/b', '')],
    ['/a:/b:ro,cached', bind('/a', '/b', 'ro,cached', 'ro')],
    ['/a:/b:Z', { ...bind('/a', '/b', 'Z'), relabel: 'private' }],
    ['/a:/b:z,ro', { ...bind('/a', '/b', 'z,ro', 'ro'), relabel: 'shared' }],
    ['./x:/b', bind('/work/x', '/b', '')],
    ['../x:/b', bind('/x', '/b', '')],
    ['.:/b', bind('/work', '/b', '')],
    ['/a/../b:/c//d/', bind('/b', '/c/d', '')],
  ])('%s', (text, expected) => {
    expect(parseVolume(text, '/work')).toEqual(expected);
  });

  it('leaves out what is mounted below with bind', () => {
    expect(parseVolume('/a:/b:bind', '/work').bind).toEqual({ createSource: true, recursive: 'disabled' });
    expect(parseVolume('/a:/b:rbind', '/work').bind).toEqual({ createSource: true });
  });
});

describe('-v with a volume', () => {
  it.each([
    ['data:/b', volume('data', '/b', '')],
    ['my.data_1-x:/b:ro', volume('my.data_1-x', '/b', 'ro', 'ro')],
    ['data:/b:nocopy', { ...volume('data', '/b', 'nocopy'), volume: { noCopy: true } }],
    ['data:/b:z,ro', { ...volume('data', '/b', 'z,ro', 'ro'), relabel: 'shared' }],
    ['/data', { type: 'volume', target: '/data', options: [], flag: { name: '-v', text: '/data' } }],
  ])('%s', (text, expected) => {
    expect(parseVolume(text, '/work')).toEqual(expected);
  });

  it.each([
    ['d:/b', /too short/],
    ['-x:/b', /invalid characters.*absolute path/],
    ['a/b:/c', /invalid characters/],
    ['data:/b:rslave', /rslave is for paths of the host/],
    ['data:/b:rbind', /rbind is for paths of the host/],
  ])('refuses %s', (text, hint) => {
    expect(() => parseVolume(text)).toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) }));
  });
});

it.each(['', 'a', '/a:', ':/b', '/a:b', '/a:/b:ro:x', '/a:/', '/a:/..', '/', '/a:/b:exec,bogus'])(
  'refuses %j',
  (text) => {
    expect(() => parseVolume(text, '/work')).toThrow(invalid);
  },
);

it.each(['/a:/b:ro,rw', '/a:/b:z,Z', '/a:/b:rslave,shared', '/a:/b:nocopy', '/a:/b:ro,ro'])('refuses %j', (text) => {
  expect(() => parseVolume(text, '/work')).toThrow(invalid);
});
