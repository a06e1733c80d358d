import { posix } from 'node:path';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cleanPath, readName } from '../../../ts/layer/names.ts';

describe('paths', () => {
  test.each([
    ['usr/bin/env', 'usr/bin/env'],
    ['./usr/bin/', 'usr/bin'],
    ['/usr//bin/./env', 'usr/bin/env'],
    ['usr/../bin', 'bin'],
    ['/../../etc', 'etc'],
    ['.', ''],
    ['./', ''],
    ['/', ''],
    ['', ''],
    ['a/..', ''],
    ['.hidden', '.hidden'],
    ['./.hidden/..x/...', '.hidden/..x/...'],
    ['a//', 'a'],
  ])('%j is %j', (name, path) => {
    expect(cleanPath(name)).toBe(path);
  });

  test.each(['..', '../a', './..', 'a/../..', 'a/../../b', './../a/'])('%j leads out', (name) => {
    expect(() => cleanPath(name)).toThrow(/its name leads out of the layer/);
  });

  test('a NUL byte is refused', () => {
    expect(() => cleanPath('a\0b')).toThrow(/NUL byte/);
  });

  test('what is accepted is what path.normalize makes of it', () => {
    const part = fc.constantFrom('', '.', '..', 'a', '.b', 'c.', '...');
    fc.assert(
      fc.property(fc.array(part, { maxLength: 7 }), (parts) => {
        const name = parts.join('/');
        const normal = posix.normalize(name).replace(/^\.?\/+|\/+$/g, '');
        if (/^\.\.(\/|$)/.test(posix.normalize(name))) expect(() => cleanPath(name)).toThrow();
        else expect(cleanPath(name)).toBe(normal === '.' ? '' : normal);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('whiteouts', () => {
  test.each([
    ['.wh.a', { kind: 'whiteout', path: 'a' }],
    ['./d/.wh.a/', { kind: 'whiteout', path: 'd/a' }],
    ['d/.wh..a', { kind: 'whiteout', path: 'd/.a' }],
    ['d/.wh.wh.a', { kind: 'whiteout', path: 'd/wh.a' }],
    ['.wh..wh..opq', { kind: 'opaque', path: '' }],
    ['d/e/.wh..wh..opq', { kind: 'opaque', path: 'd/e' }],
    ['.wh..wh.aufs', { kind: 'ignored' }],
    ['.wh..wh.plnk/1.2', { kind: 'ignored' }],
    ['a.wh.b', { kind: 'entry', path: 'a.wh.b' }],
    ['a.wh.b/c', { kind: 'entry', path: 'a.wh.b/c' }],
    ['.WH.a', { kind: 'entry', path: '.WH.a' }],
  ])('%s', (name, expected) => {
    expect(readName(name)).toEqual(expected);
  });

  test.each(['.wh.', 'd/.wh.', '.wh..', '.wh...'])('%s names no file', (name) => {
    expect(() => readName(name)).toThrow(/a whiteout must name a file/);
  });

  test('nothing is below one', () => {
    expect(() => readName('.wh.d/a')).toThrow(/a whiteout has no entries below it/);
  });
});
