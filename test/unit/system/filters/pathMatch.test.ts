import { describe, expect, it } from 'vitest';
import { pathMatch } from '../../../../ts/system/filters/pathMatch.ts';

describe('pathMatch', () => {
  // Out of the tests of Go's package path, where these mean the same.
  it.each<[pattern: string, text: string, matches: boolean]>([
    ['abc', 'abc', true],
    ['*', 'abc', true],
    ['*c', 'abc', true],
    ['a*', 'a', true],
    ['a*', 'ab/c', false],
    ['a*/b', 'abc/b', true],
    ['a*/b', 'a/c/b', false],
    ['a*b*c*d*e*/f', 'axbxcxdxe/f', true],
    ['a*b*c*d*e*/f', 'axbxcxdxe/xxx/f', false],
    ['a*b?c*x', 'abxbbxdbxebxczzx', true],
    ['a*b?c*x', 'abxbbxdbxebxczzy', false],
    ['ab[c]', 'abc', true],
    ['ab[b-d]', 'abc', true],
    ['ab[e-g]', 'abc', false],
    ['ab[^c]', 'abc', false],
    ['ab[^e-g]', 'abc', true],
    ['a\\*b', 'a*b', true],
    ['a\\*b', 'ab', false],
    ['a?b', 'a☺b', true],
    ['a[^a]b', 'a☺b', true],
    ['a???b', 'a☺b', false],
    ['[a-ζ]*', 'α', true],
    ['*[a-ζ]', 'A', false],
    ['a?b', 'a/b', false],
    ['a*b', 'a/b', false],
    ['[\\]a]', ']', true],
    ['[\\-]', '-', true],
    ['[x\\-]', '-', true],
    ['[\\-x]', 'a', false],
    ['a.c', 'abc', false],
    ['a-b', 'a-b', true],
    ['(a|b)+{2}$', '(a|b)+{2}$', true],
    ['a]', 'a]', true],
  ])('%s, %s: %s', (pattern, text, matches) => {
    expect(pathMatch(pattern)(text)).toBe(matches);
  });

  it.each(['[]a]', '[-]', '[x-]', '[-x]', '[a-b-c]', '[', '[^', '[^bc', '\\', 'a[', '[z-a]'])(
    'refuses %s',
    (pattern) => {
      expect(() => pathMatch(pattern)).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_PATTERN' }));
    },
  );
});
