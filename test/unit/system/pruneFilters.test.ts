import { describe, expect, it } from 'vitest';
import { isUnfiltered, parsePruneFilters, passes } from '../../../ts/system/pruneFilters.ts';

const NOW = Date.parse('2026-06-15T12:00:00Z');
const until = (value: string) => parsePruneFilters([`until=${value}`], NOW).until;

describe('until', () => {
  it.each([
    ['24h', '2026-06-14T12:00:00Z'],
    ['1h30m', '2026-06-15T10:30:00Z'],
    ['1.5h', '2026-06-15T10:30:00Z'],
    ['90s', '2026-06-15T11:58:30Z'],
    ['500ms', '2026-06-15T11:59:59.500Z'],
    ['-1h', '2026-06-15T13:00:00Z'],
    ['1700000000', '2023-11-14T22:13:20Z'],
    ['1700000000.5', '2023-11-14T22:13:20.500Z'],
    ['0', '1970-01-01T00:00:00Z'],
    ['2026-06-01T10:00:00Z', '2026-06-01T10:00:00Z'],
    ['2026-06-01Z', '2026-06-01T00:00:00Z'],
    ['2026-06-01T10:00:00.25+01:00', '2026-06-01T09:00:00.250Z'],
  ])('takes what docker takes: %s', (value, expected) => {
    expect(new Date(until(value) ?? Number.NaN).toISOString()).toBe(new Date(expected).toISOString());
  });

  it.each([
    ['2026-06-01', new Date(2026, 5, 1)],
    ['2026-06-01T10', new Date(2026, 5, 1, 10)],
    ['2026-06-01T10:30', new Date(2026, 5, 1, 10, 30)],
    ['2026-06-01T10:30:15', new Date(2026, 5, 1, 10, 30, 15)],
  ])('takes a date without a zone for one of this machine’s: %s', (value, expected) => {
    expect(until(value)).toBe(expected.getTime());
  });

  it.each(['', 'zz', '1d', '2w', '1h30', '2026-13-01', '2026-06', 'yesterday', '1e5', '0x10'])(
    'refuses %j',
    (value) => {
      const error = { code: 'ERR_RCX_INVALID_OPTION', message: expect.stringContaining('as time or duration') };
      expect(() => until(value)).toThrow(expect.objectContaining(error));
    },
  );
});

describe('filters', () => {
  it('can be of any number, but for until', () => {
    const filters = parsePruneFilters(['label=a', 'label=b=c=d', 'label!=e', ' Until = 1h '], NOW);
    expect(filters).toEqual({ until: NOW - 3_600_000, labels: ['a', 'b=c=d'], withoutLabels: ['e'] });
    expect([isUnfiltered(filters), isUnfiltered(parsePruneFilters([]))]).toEqual([false, true]);
    expect(() => parsePruneFilters(['until=1h', 'until=2h'])).toThrow(/more than one until filter/);
  });

  it.each(['name=x', 'dangling=true', '=x', 'label'])('that are not known are refused: %j', (text) => {
    expect(() => parsePruneFilters([text])).toThrow(expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION' }));
  });

  it.each([
    [['label=a'], { a: '1' }, true],
    [['label=a'], { b: '1' }, false],
    [['label=a'], undefined, false],
    [['label=a=1'], { a: '1' }, true],
    [['label=a=2'], { a: '1' }, false],
    [['label=a='], { a: '' }, true],
    [['label=a', 'label=b'], { a: '1' }, false],
    [['label!=a'], { a: '1' }, false],
    [['label!=a'], {}, true],
    [['label!=a=2'], { a: '1' }, true],
    // As with docker: what has all of them is spared.
    [['label!=a', 'label!=b'], { a: '1' }, true],
    [['label!=a', 'label!=b'], { a: '1', b: '1' }, false],
    [['label=toString'], {}, false],
  ])('%j of what has %j: %j', (texts, labels, expected) => {
    expect(passes(parsePruneFilters(texts), { created: undefined, labels })).toBe(expected);
  });

  it.each([
    ['2026-06-15T10:59:59Z', true],
    ['2026-06-15T11:00:01Z', false],
    [undefined, false],
    ['nonsense', false],
  ])('until of what was made at %s: %j', (created, expected) => {
    expect(passes(parsePruneFilters(['until=1h'], NOW), { created, labels: {} })).toBe(expected);
  });
});
