import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyChanges } from '../../../../ts/oci/instructions/changes.ts';

const env = (Env: string[], ...changes: string[]) => applyChanges({ Env }, changes).Env;
const labels = (...changes: string[]) => applyChanges({ Env: ['A=1'] }, changes).Labels;
const invalid = (problem: string) =>
  expect.objectContaining({ code: 'ERR_RCX_INVALID_CHANGE', message: expect.stringContaining(problem) });

describe('ENV', () => {
  it.each<[string, string[]]>([
    ['ENV B=2', ['A=1', 'B=2']],
    ['env B=2 C=3', ['A=1', 'B=2', 'C=3']],
    ['ENV B=', ['A=1', 'B=']],
    ['ENV B="two words" C=\'$A\' D=a\\ b', ['A=1', 'B=two words', 'C=$A', 'D=a b']],
    ['ENV B=x=y', ['A=1', 'B=x=y']],
    ['ENV B="a\\"b" C=\'a"b\' D="it\'s"', ['A=1', 'B=a"b', 'C=a"b', "D=it's"]],
    [`ENV B=$A$A C=\${A}0 D=\${N:-n}`, ['A=1', 'B=11', 'C=10', 'D=n']],
    ['ENV B$A=2', ['A=1', 'B1=2']],
    ['ENV B=1 B=2', ['A=1', 'B=2']],
    ['ENV B\\ =x', ['A=1', 'B =x']],
    ['ENV B=1 \\\n# why not\n    C=2', ['A=1', 'B=1', 'C=2']],
    // The older form.
    ['ENV B two   words', ['A=1', 'B=two   words']],
    ['ENV B  "quoted"  \'$A\'  $A', ['A=1', 'B=quoted  $A  1']],
    ['ENV B x=y', ['A=1', 'B=x=y']],
    ['ENV B = y', ['A=1', 'B== y']],
  ])('%s', (change, after) => expect(env(['A=1'], change)).toEqual(after));

  it('sees the values of before it, not those it sets itself', () => {
    expect(env(['A=old'], 'ENV A=new B=$A')).toEqual(['A=new', 'B=old']);
    expect(env(['A=old'], 'ENV A=new', 'ENV B=$A')).toEqual(['A=new', 'B=new']);
  });

  it('keeps the place of a name that is there, and leaves one of it', () => {
    expect(env(['A=1', 'B=2', 'C=3'], 'ENV B=x D=4 A=y')).toEqual(['A=y', 'B=x', 'C=3', 'D=4']);
    expect(env(['A=1', 'B=2', 'A=3', 'A'], 'ENV A=x')).toEqual(['A=x', 'B=2']);
    expect(env(['A', 'AB=1'], 'ENV A=x')).toEqual(['A=x', 'AB=1']);
  });

  it('reads the last of two entries, and one without "=" as empty', () => {
    expect(env(['A=1', 'A=2', 'BARE'], `ENV B=<$A> C=<\${BARE-unset}>`)?.slice(3)).toEqual(['B=<2>', 'C=<>']);
  });

  it.each([
    ['ENV', 'it needs an argument'],
    ['ENV B', '"B" has no value'],
    ['ENV B=2 C', '"C" has no "="'],
    ['ENV =2', 'a name is empty'],
    ['ENV $N=2', 'a name is empty'],
    ['ENV "" x', 'a name is empty'],
    [`ENV \${EQ}=2`, 'the name "x=y" contains "="'],
    ['ENV B="open', 'a double quote is not closed'],
    ['ENV --b=c B=2', 'it has no option "--b=c"'],
  ])('refuses %s', (change, problem) => {
    expect(() => env(['EQ=x=y'], change)).toThrow(invalid(problem));
  });

  it('makes the list where there was none', () => {
    expect(applyChanges({}, ['ENV A=1'])).toEqual({ Env: ['A=1'] });
  });
});

describe('LABEL', () => {
  it.each<[string, Record<string, string>]>([
    ['LABEL a=1 b="two words"', { a: '1', b: 'two words' }],
    ['LABEL "com.example.x y"=1', { 'com.example.x y': '1' }],
    ['LABEL a $A and more', { a: '1 and more' }],
    ["LABEL a='$A' b=$A", { a: '$A', b: '1' }],
    ['LABEL a=', { a: '' }],
    ['LABEL constructor=c toString=t', { constructor: 'c', toString: 't' }],
  ])('%s', (change, after) => expect(labels(change)).toEqual(after));

  it('adds to the labels there are', () => {
    const config = { Labels: { a: '1', b: '2' } };
    expect(applyChanges(config, ['LABEL a=x c=3'])).toEqual({ Labels: { a: 'x', b: '2', c: '3' } });
  });

  it('takes __proto__ for a name like any other', () => {
    const once = labels('LABEL __proto__=p a=1') ?? {};
    expect(Object.entries(once)).toEqual([
      ['__proto__', 'p'],
      ['a', '1'],
    ]);
    expect(Object.getPrototypeOf(once)).toBe(Object.prototype);
    const twice = applyChanges({ Labels: once }, ['LABEL b=2 __proto__=q']).Labels ?? {};
    expect(Object.entries(twice)).toEqual([
      ['__proto__', 'q'],
      ['a', '1'],
      ['b', '2'],
    ]);
  });

  it.each([
    ['LABEL a', '"a" has no value'],
    ['LABEL a=1 b', '"b" has no "="'],
    ['LABEL $N=1', 'a name is empty'],
  ])('refuses %s', (change, problem) => expect(() => labels(change)).toThrow(invalid(problem)));
});

describe('an environment', () => {
  // Without what a change cannot hold: NUL, and line breaks.
  const text = fc
    .oneof(fc.string(), fc.string({ unit: 'binary' }), fc.string({ unit: fc.constantFrom(...` \t"'\\$={}a-#`) }))
    .map((it) => it.replace(/[\0\n]/g, ''));
  const name = text.map((it) => it.replaceAll('=', '')).filter((it) => !['', 'FIRST', 'LAST'].includes(it));
  const value = fc.tuple(text, fc.constantFrom('backslash', 'double', 'single'));
  const map = fc.uniqueArray(fc.tuple(name, value), { selector: ([it]) => it, minLength: 1, maxLength: 8 });

  const escaped = (it: string) => it.replace(/./gsu, '\\$&');
  const written: Record<string, (it: string) => string> = {
    backslash: escaped,
    double: (it) => `"${it.replace(/["\\$]/g, '\\$&')}"`,
    single: (it) => `'${it.replaceAll("'", `'\\''`)}'`,
  };

  it('is the same after it was written with quotes and read again', () => {
    fc.assert(
      fc.property(map, (variables) => {
        const pairs = variables.map(([key, [it, style]]) => `${escaped(key)}=${written[style]?.(it)}`);
        const expected = variables.map(([key, [it]]) => `${key}=${it}`);
        // A space behind a backslash cannot stand at the very end, where it is white space behind a continuation.
        const change = `${pairs.join(' ')} LAST=1`;
        expect(env(['FIRST=1'], `ENV ${change}`)).toEqual(['FIRST=1', ...expected, 'LAST=1']);
        expect(Object.entries(labels(`LABEL ${change}`) ?? {}).sort()).toEqual(
          Object.entries(Object.fromEntries([...variables.map(([key, [it]]) => [key, it]), ['LAST', '1']])).sort(),
        );
      }),
      { numRuns: 500 },
    );
  });

  it('is the same when each variable is set to itself', () => {
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.tuple(fc.stringMatching(/^[a-z_][a-z0-9_]*$/), text), { selector: ([it]) => it }),
        (variables) => {
          const before = variables.map(([key, it]) => `${key}=${it}`);
          const change = `ENV X= ${variables.map(([key], index) => (index % 2 === 0 ? `${key}=$${key}` : `${key}="\${${key}}"`)).join(' ')}`;
          expect(env(before, change)).toEqual([...before, 'X=']);
        },
      ),
    );
  });
});
