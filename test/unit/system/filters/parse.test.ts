import { describe, expect, it } from 'vitest';
import { named, parseFilters, parseTruth, single } from '../../../../ts/system/filters/parse.ts';

const invalid = (message: string) => expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION', message });

describe('filters', () => {
  it('are a name and a value, which may have further signs of equality', () => {
    const filters = parseFilters(['a=1', ' B = x=y ', 'a='], ['a', 'b']);
    expect(filters.map(({ name, value }) => [name, value])).toEqual([
      ['a', '1'],
      ['b', 'x=y'],
      ['a', ''],
    ]);
    expect(named(filters, 'a').map(({ text }) => text)).toEqual(['a=1', 'a=']);
  });

  it('that are unknown or none are refused with those that there are', () => {
    expect(() => parseFilters(['c=1'], ['a', 'b', 'd'])).toThrow(
      expect.objectContaining({
        ...{
          code: 'ERR_RCX_INVALID_OPTION',
          message: 'read --filter c=1: there is no filter "c"',
          hint: 'use a, b or d',
        },
      }),
    );
    expect(() => parseFilters(['=1'], ['a'])).toThrow(expect.objectContaining({ hint: 'use a' }));
    expect(() => parseFilters(['a'], ['a'])).toThrow(invalid('read --filter a: bad format of filter'));
  });

  it('may be asked for once', () => {
    const filters = parseFilters(['a=1', 'b=1', 'b=2'], ['a', 'b', 'c']);
    expect([single(filters, 'a')?.value, single(filters, 'c')]).toEqual(['1', undefined]);
    expect(() => single(filters, 'b')).toThrow(invalid('read --filter b=2: more than one b filter specified'));
  });

  it('are true or false in docker’s words', () => {
    const truth = (value: string) => parseTruth({ name: 'a', value, text: `a=${value}` });
    expect(['true', '1', 'false', '0'].map(truth)).toEqual([true, true, false, false]);
    expect(() => truth('yes')).toThrow(invalid('read --filter a=yes: "yes" is neither true nor false'));
  });
});
