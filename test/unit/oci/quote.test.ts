import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { plain, quote } from '../../../ts/oci/quote.ts';

describe('quote', () => {
  it.each([
    ['ubuntu', '"ubuntu"'],
    ['a"b', String.raw`"a\"b"`],
    ['line\nbreak', String.raw`"line\u{a}break"`],
    ['\u001b[2J', String.raw`"\u{1b}[2J"`],
    // Turns the reading direction of what follows.
    ['\u202Egnp.exe', String.raw`"\u{202e}gnp.exe"`],
    ['\ud800', String.raw`"\u{d800}"`],
    ['größe 📦', '"größe 📦"'],
  ])('%j', (text, quoted) => expect(quote(text)).toBe(quoted));

  it('cuts what is long', () => expect(plain('a'.repeat(500))).toBe(`${'a'.repeat(120)}…`));

  it('leaves nothing that a terminal acts upon', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(quote(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
      }),
    );
  });
});
