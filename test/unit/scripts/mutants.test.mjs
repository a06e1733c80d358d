import { existsSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { misfits, mutated } from '../../../scripts/mutants/edits.mjs';
import { MUTANTS } from '../../../scripts/mutants/list.mjs';
import { verdictOf } from '../../../scripts/mutants/verdict.mjs';

const read = (file) => readFileSync(new URL(`../../../${file}`, import.meta.url), 'utf8');

describe('the mutants', () => {
  it.each(MUTANTS)('$name still takes away what it means', (mutant) => {
    expect(misfits(mutant, read)).toEqual([]);
  });

  it.each(MUTANTS)('$name is to be noticed by tests that exist', ({ tests, only }) => {
    expect(tests.length).toBeGreaterThan(0);
    for (const file of tests) expect(existsSync(new URL(`../../../${file}`, import.meta.url)), file).toBe(true);
    if (only !== undefined) expect(tests.some((file) => read(file).includes(only))).toBe(true);
  });

  it('have a name each', () => {
    const names = MUTANTS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const name of names) expect(name).toMatch(/^[a-z0-9-]+$/);
  });
});

describe('a mutant', () => {
  const source = () => 'one two two $&';
  const mutant = (find, replace) => ({ name: 'x', advisory: '', edits: [{ file: 'f', find, replace }], tests: [] });

  it('replaces a text by exactly another', () => {
    expect(mutated(mutant('one', '$& $1'), source).get('f')).toBe('$& $1 two two $&');
    const edits = [...mutant('one', 'a').edits, ...mutant('$&', 'b').edits];
    expect(mutated({ ...mutant('', ''), edits }, source).get('f')).toBe('a two two b');
  });

  it('does not apply where its text is not there once, or is replaced by itself', () => {
    expect(misfits(mutant('one', '1'), source)).toEqual([]);
    for (const [find, replace] of [
      ['three', '3'],
      ['two', '2'],
      ['one', 'one'],
    ]) {
      expect(misfits(mutant(find, replace), source)).toHaveLength(1);
    }
  });
});

describe('the verdict', () => {
  const report = (...tests) =>
    JSON.stringify({
      testResults: [
        {
          name: '/root/a',
          assertionResults: tests.map(([status, ...failureMessages]) => ({
            status,
            failureMessages,
            fullName: 'a test',
          })),
        },
      ],
    });
  const of = (json) => verdictOf(json, ['a'], '/root').verdict;

  it('is that it was noticed only when an expectation did not hold', () => {
    expect(of(report(['passed'], ['failed', 'AssertionError: expected 1 to be 2']))).toBe('killed');
    expect(of(report(['passed'], ['failed', 'Error: Test timed out in 60000ms.']))).toBe('unclear');
    expect(of(report(['failed', 'Error: rcx run: 125']))).toBe('unclear');
  });

  it('is that it survived when all passes, and nothing when nothing ran', () => {
    expect(of(report(['passed'], ['skipped']))).toBe('survived');
    expect(of(report(['skipped']))).toBe('unclear');
    expect(of(report())).toBe('unclear');
    expect(of(undefined)).toBe('unclear');
    expect(verdictOf(report(['passed']), ['other'], '/root').verdict).toBe('unclear');
  });

  it('wants every file to notice', () => {
    const two = JSON.parse(report(['failed', 'AssertionError: x']));
    two.testResults.push({ ...JSON.parse(report(['passed'])).testResults[0], name: '/root/b' });
    expect(verdictOf(JSON.stringify(two), ['a', 'b'], '/root')).toEqual({ verdict: 'survived', because: 'b' });
  });
});
