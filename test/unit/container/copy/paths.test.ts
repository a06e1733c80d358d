import { describe, expect, it } from 'vitest';
import { absolutePath, baseName, namesDirectory, splitPath } from '../../../../ts/container/copy/paths.ts';

describe('an absolute path', () => {
  it.each([
    ['a', '/w/a'],
    ['a/', '/w/a/'],
    ['a/.', '/w/a/.'],
    ['a/./', '/w/a/./'],
    ['.', '/w/.'],
    ['..', '/'],
    ['../../..', '/'],
    ['/a//b/../c', '/a/c'],
    ['/', '/'],
    ['/.', '/.'],
  ])('of %j is %s', (path, whole) => expect(absolutePath(path, '/w')).toBe(whole));

  it('of the root', () => expect(absolutePath('etc/.', '/')).toBe('/etc/.'));
});

it.each([
  ['/a/b', 'b'],
  ['/a/b/', 'b'],
  ['/a/.', '.'],
  ['/', '/'],
  ['//', '/'],
  ['', '.'],
])('the last component of %j is %s', (path, name) => expect(baseName(path)).toBe(name));

it.each([
  ['/a', false],
  ['/a/', true],
  ['/a/.', true],
  ['/a/..b', false],
  ['/a/x.', false],
])('%s says that it is a directory: %s', (path, says) => expect(namesDirectory(path)).toBe(says));

it.each([
  ['/a/b', '/a', 'b'],
  ['/a/b/', '/a', 'b'],
  ['/a/b/.', '/a/b', '.'],
  ['/a', '/', 'a'],
  ['/.', '/', '.'],
  ['/', '/', '/'],
])('%s is in a directory', (path, directory, name) => expect(splitPath(path)).toEqual({ directory, name }));
