import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../../scripts/bench/options.mjs';

const parse = (...words) => parseOptions(['/usr/bin/node', '/somewhere/zx', 'scripts/bench.mjs', ...words]);

describe('options of the benchmark', () => {
  it('measures everything by default', () => {
    expect(parse()).toEqual({ start: true, pull: true, startRuns: 50, pullRuns: 3, json: undefined, build: true });
  });

  it('takes one half, a number of runs, a file, and no build', () => {
    expect(parse('--only=pull', '--runs', '5', '--json=out.json', '--no-build')).toEqual({
      start: false,
      pull: true,
      startRuns: 5,
      pullRuns: 5,
      json: 'out.json',
      build: false,
    });
  });

  it.each([['--only=push'], ['--runs=0'], ['--runs', 'many'], ['--fast'], ['start']])('refuses %s', (...words) => {
    expect(() => parse(...words)).toThrow(words.at(-1).replace(/^--\w+=/, ''));
  });
});
