import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from '../../../ts/registry/challenge.ts';

const plain = (header: string | string[] | undefined) =>
  parseChallenges(header).map(({ scheme, parameters }) => [scheme, Object.fromEntries(parameters)]);

describe('parseChallenges', () => {
  it.each([
    [undefined, []],
    ['', []],
    ['Basic realm="x"', [['basic', { realm: 'x' }]]],
    ['Negotiate', [['negotiate', {}]]],
    [
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/ubuntu:pull"',
      [
        [
          'bearer',
          {
            realm: 'https://auth.docker.io/token',
            service: 'registry.docker.io',
            scope: 'repository:library/ubuntu:pull',
          },
        ],
      ],
    ],
    // A comma inside quotes does not end a parameter, one outside may begin another challenge.
    [
      'BEARER Realm = "a,b" , scope="repository:x:pull,push", Basic realm=plain',
      [
        ['bearer', { realm: 'a,b', scope: 'repository:x:pull,push' }],
        ['basic', { realm: 'plain' }],
      ],
    ],
    [
      'Negotiate abc==, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [
      'Negotiate, Basic realm="x"',
      [
        ['negotiate', {}],
        ['basic', { realm: 'x' }],
      ],
    ],
    [String.raw`Basic realm="a \"b\" \\c"`, [['basic', { realm: String.raw`a "b" \c` }]]],
    ['Bearer realm="first",realm="second"', [['bearer', { realm: 'first' }]]],
    ['Bearer realm="open', [['bearer', {}]]],
    ['Bearer realm=', [['bearer', {}]]],
    [',, ,', []],
    ['=x', []],
    [`Bearer realm="${'a'.repeat(20_000)}"`, []],
  ])('%j', (header, expected) => expect(plain(header)).toEqual(expected));

  it('reads several headers', () => {
    expect(plain(['Basic realm="a"', 'Bearer realm="b"'])).toEqual([
      ['basic', { realm: 'a' }],
      ['bearer', { realm: 'b' }],
    ]);
  });

  it('reads back what it is given', () => {
    const token = fc.string({ unit: fc.constantFrom(...'abcxyz-_.0'), minLength: 1, maxLength: 8 });
    const value = fc.string({ unit: 'grapheme-ascii' });
    const challenge = fc.tuple(token, fc.dictionary(token, value, { minKeys: 1, noNullPrototype: true }));
    const written = (challenges: [string, Record<string, string>][]) =>
      challenges
        .map(([scheme, parameters]) => {
          const pairs = Object.entries(parameters).map(([name, text]) => `${name}="${text.replace(/["\\]/g, '\\$&')}"`);
          return `${scheme} ${pairs.join(', ')}`;
        })
        .join(', ');
    fc.assert(
      fc.property(fc.array(challenge, { minLength: 1, maxLength: 3 }), (challenges) => {
        expect(plain(written(challenges))).toEqual(challenges);
      }),
    );
  });

  it('ends, and never throws, on anything', () => {
    const soup = fc.string({ unit: fc.constantFrom(...'aB1 ,="\\\t;/\r\n') });
    fc.assert(
      fc.property(fc.oneof(soup, fc.string({ unit: 'binary' })), (text) => {
        parseChallenges(text);
      }),
    );
  });
});
