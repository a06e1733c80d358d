import { describe, expect, it } from 'vitest';
import { nextLink } from '../../../ts/registry/link.ts';

describe('nextLink', () => {
  it.each([
    ['</v2/_catalog?last=b&n=1>; rel="next"', '/v2/_catalog?last=b&n=1'],
    ['<https://r.test/v2/a/tags/list?last=1>; rel=next', 'https://r.test/v2/a/tags/list?last=1'],
    ['</a>;rel="prev", </b>; title="x, <c>; rel=next"; rel="next"', '/b'],
    ['</a>; REL="Last NEXT"', '/a'],
    ['<a,b;c>; rel="next"', 'a,b;c'],
    [['</a>; rel="prev"', '</b>; rel="next"'], '/b'],
    ['<>; rel="next"', ''],
  ])('%j leads to %j', (header, target) => {
    expect(nextLink(header)).toBe(target);
  });

  it.each([
    undefined,
    '',
    '</a>',
    '</a>; rel="prev"',
    '</a>; rel="nextish"',
    'rel="next"',
    `</${'a'.repeat(20_000)}>; rel="next"`,
    `</a>${'; x="'.repeat(3000)}`,
  ])('%j leads nowhere', (header) => {
    expect(nextLink(header)).toBeUndefined();
  });

  it('does not take long over garbage', () => {
    const started = performance.now();
    nextLink(`</a>${'; rel'.repeat(3000)}"`);
    nextLink(`</a>${';'.repeat(16_000)}`);
    nextLink('<'.repeat(16_000));
    expect(performance.now() - started).toBeLessThan(2000);
  });
});
