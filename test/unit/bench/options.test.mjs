import { describe, expect, it } from 'vitest';
import { parseOptions } from '../../../scripts/bench/options.mjs';

const parse = (...words) => parseOptions(['/usr/bin/node', '/somewhere/zx', 'scripts/bench.mjs', ...words]);

describe('options of the benchmark', () => {
  it('measures everything by default', () => {
    expect(parse()).toEqual({
      runs: {
        start: 50,
        rootless: 30,
        exec: 50,
        parallel: 10,
        network: 30,
        throughput: 5,
        detached: 5,
        pull: 3,
        repull: 30,
        commit: 5,
      },
      json: undefined,
      build: true,
    });
  });

  it('takes parts, a number of runs, a file, and no build', () => {
    expect(parse('pull', 'commit', '--runs', '5', '--json=out.json', '--no-build')).toEqual({
      runs: { pull: 5, commit: 5 },
      json: 'out.json',
      build: false,
    });
  });

  it.each([['push'], ['--runs=0'], ['--runs', 'many'], ['--fast'], ['start', 'toString']])('refuses %s', (...words) => {
    expect(() => parse(...words)).toThrow(words.at(-1).replace(/^--\w+=/, ''));
  });
});
