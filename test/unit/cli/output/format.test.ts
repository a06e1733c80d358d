import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  formatAge,
  formatDate,
  formatDuration,
  formatMemory,
  formatSince,
  formatSize,
  formatTable,
  shorten,
} from '../../../../cli/output/format.ts';

describe('formatSize', () => {
  it.each([
    [0, '0B'],
    [999, '999B'],
    [1000, '1kB'],
    [1234, '1.23kB'],
    [77_823_456, '77.8MB'],
    [999_400, '999kB'],
    [999_600, '1MB'],
    [1_500_000_000, '1.5GB'],
    [2 ** 53, '9.01PB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatSize(bytes)).toBe(text);
  });
});

describe('formatMemory', () => {
  it.each([
    [1023, '1023B'],
    [1024, '1KiB'],
    [16_777_216_000, '15.63GiB'],
  ])('%d is %s', (bytes, text) => {
    expect(formatMemory(bytes)).toBe(text);
  });
});

const [SECOND, MINUTE, HOUR, DAY] = [1000, 60_000, 3_600_000, 86_400_000];

describe('formatDuration', () => {
  it.each([
    [0, 'Less than a second'],
    [SECOND - 1, 'Less than a second'],
    [SECOND, '1 second'],
    [59 * SECOND, '59 seconds'],
    [MINUTE, 'About a minute'],
    [119 * SECOND, 'About a minute'],
    [2 * MINUTE, '2 minutes'],
    [HOUR - 1, '59 minutes'],
    [HOUR, 'About an hour'],
    [89 * MINUTE, 'About an hour'],
    [90 * MINUTE, '2 hours'],
    [47 * HOUR, '47 hours'],
    [2 * DAY, '2 days'],
    [13 * DAY, '13 days'],
    [14 * DAY, '2 weeks'],
    [59 * DAY, '8 weeks'],
    [60 * DAY, '2 months'],
    [729 * DAY, '24 months'],
    [730 * DAY, '2 years'],
  ])('%d ms is %s', (milliseconds, text) => {
    expect(formatDuration(milliseconds)).toBe(text);
  });
});

describe('formatDate', () => {
  afterEach(() => {
    vi.unstubAllEnvs();
  });

  it.each([
    ['UTC', '2026-01-31T05:06:07Z', '2026-01-31 05:06:07 +0000 UTC'],
    ['Europe/Berlin', '2026-01-31T05:06:07.123456789Z', '2026-01-31 06:06:07 +0100 CET'],
    ['Europe/Berlin', '2026-07-31T23:06:07Z', '2026-08-01 01:06:07 +0200 CEST'],
    ['America/New_York', '2026-01-31T05:06:07Z', '2026-01-31 00:06:07 -0500 EST'],
    ['Asia/Kathmandu', '2026-01-31T05:06:07Z', '2026-01-31 10:51:07 +0545 +0545'],
    ['America/Sao_Paulo', '2026-01-31T05:06:07Z', '2026-01-31 02:06:07 -0300 -03'],
  ])('in %s of %s is %s, as Go prints it', (zone, iso, text) => {
    vi.stubEnv('TZ', zone);
    expect(formatDate(iso)).toBe(text);
  });

  it.each([undefined, '', 'yesterday'])('of %j is not known', (iso) => {
    expect(formatDate(iso)).toBe('N/A');
  });
});

describe('formatAge and formatSince', () => {
  const now = Date.parse('2026-03-01T12:00:00Z');

  it('count from now', () => {
    expect(formatAge('2026-03-01T11:57:00Z', now)).toBe('3 minutes');
    expect(formatSince('2026-03-01T11:57:00Z', now)).toBe('3 minutes ago');
  });

  it.each([undefined, '', 'yesterday'])('know no age of %s', (date) => {
    expect(formatAge(date, now)).toBe('N/A');
    expect(formatSince(date, now)).toBe('N/A');
  });

  it('take a date of a clock that was ahead for now', () => {
    expect(formatAge('2026-03-01T13:00:00Z', now)).toBe('Less than a second');
  });
});

describe('shorten', () => {
  it.each([
    ['12345', 5, '12345'],
    ['123456', 5, '1234…'],
    ['🐧🐧🐧', 3, '🐧🐧🐧'],
    ['🐧🐧🐧🐧', 3, '🐧🐧…'],
  ])('%s to %d characters is %s', (text, length, expected) => {
    expect(shorten(text, length)).toBe(expected);
  });
});

describe('formatTable', () => {
  it('aligns as Docker does, each column at least ten wide with its gap', () => {
    expect(formatTable(['ID', 'IMAGE', 'NAMES'], [['0123456789ab', 'a', 'x']]).split('\n')).toEqual([
      'ID             IMAGE     NAMES',
      '0123456789ab   a         x',
    ]);
  });

  it('counts characters, not code units', () => {
    const [header, row] = formatTable(['A', 'B'], [['🐧🐧🐧🐧🐧🐧🐧🐧', 'b']]).split('\n');
    expect([...(row ?? '')].indexOf('b')).toBe((header ?? '').indexOf('B'));
  });

  it('is its header when there is nothing', () => {
    expect(formatTable(['A', 'B'], [])).toBe('A         B');
  });
});
