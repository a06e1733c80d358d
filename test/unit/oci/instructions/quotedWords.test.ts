import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { firstQuotedWord, quotedWords } from '../../../../ts/oci/instructions/quotedWords.ts';

describe('quotedWords', () => {
  it.each<[string, string[]]>([
    ['', []],
    ['  \t ', []],
    ['one', ['one']],
    [' one   two\tthree ', ['one', 'two', 'three']],
    ['a="b c" d', ['a="b c"', 'd']],
    ["a='b c' d", ["a='b c'", 'd']],
    ['a=b\\ c d', ['a=b\\ c', 'd']],
    ['a="b \\" c" d', ['a="b \\" c"', 'd']],
    // A backslash does not protect the end of single quotes.
    ["'a\\' b", ["'a\\'", 'b']],
    [`"it's" b`, [`"it's"`, 'b']],
    ['"" b', ['""', 'b']],
    ['"never closed b', ['"never closed b']],
    ['a b\\', ['a', 'b\\']],
    ['a\u00a0b', ['a', 'b']],
    ['a\ufeffb', ['a\ufeffb']],
  ])('%j', (text, words) => expect(quotedWords(text)).toEqual(words));

  it('loses nothing', () => {
    const text = fc.string({ unit: fc.constantFrom('a', ' ', '"', "'", '\\', '=', 'é') });
    fc.assert(
      fc.property(text, (it) => {
        const [word, rest] = firstQuotedWord(it);
        expect(it.trimStart()).toBe(word + rest);
        expect(quotedWords(it).join('').replaceAll(' ', '')).toBe(it.replaceAll(' ', ''));
      }),
    );
  });
});
