import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { indentJson, joinMembers, splitMembers } from '../../../ts/oci/jsonText.ts';

describe('indentJson', () => {
  it.each([
    ['{}', '{}'],
    ['[ ]', '[]'],
    ['{"a":{},"b":[]}', '{\n\t"a": {},\n\t"b": []\n}'],
    ['[1,[2 , {"a" : null}]]', '[\n\t1,\n\t[\n\t\t2,\n\t\t{\n\t\t\t"a": null\n\t\t}\n\t]\n]'],
    [' "a" ', '"a"'],
    ['{"a:{,}[]":"\\"}"}', '{\n\t"a:{,}[]": "\\"}"\n}'],
  ])('lays %s out', (text, laidOut) => {
    expect(indentJson(text, '\t')).toBe(laidOut);
  });

  it('keeps what a parser would change', () => {
    const text = '{"big":12345678901234567890,"real":1.0e5,"escaped":"\\u003c\\/","2":0,"1":0,"2":1}';
    expect(indentJson(text, '')).toBe(
      text
        .replaceAll(/([{,])(?=")/g, '$1\n')
        .replaceAll(':', ': ')
        .replace(/}$/, '\n}'),
    );
  });

  it('is what JSON.stringify writes, for any value that it wrote', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        const value: unknown = JSON.parse(text);
        expect(indentJson(text, '   ')).toBe(JSON.stringify(value, undefined, 3));
      }),
    );
  });

  it('takes a string of megabytes', () => {
    const text = JSON.stringify({ a: '\\"x'.repeat(1_000_000) });
    expect(indentJson(text, '')).toHaveLength(text.length + 3);
  });
});

describe('splitMembers', () => {
  it('finds the members, in their order and as they are written', () => {
    expect(splitMembers('{ "b" : [1, {"c":2}] ,"a\\u0062": 1.0,"d":{"e":{}},"2":"x:y","1":null}')).toEqual([
      ['b', '[1, {"c":2}]'],
      ['ab', '1.0'],
      ['d', '{"e":{}}'],
      ['2', '"x:y"'],
      ['1', 'null'],
    ]);
    expect(splitMembers(' {} ')).toEqual([]);
  });

  it('and joinMembers lose nothing', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (object) => {
        const text = JSON.stringify(object, undefined, 2);
        expect(JSON.parse(joinMembers(splitMembers(text)))).toEqual(JSON.parse(text));
      }),
    );
  });
});
