import { Command } from 'commander';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { historyListing } from '../../../../cli/output/historyListing.ts';
import { readListFormat } from '../../../../cli/output/listFormat.ts';
import type { HistoryStep } from '../../../../ts/image/history.ts';

const ID = `sha256:${'12345678'.repeat(8)}` as const;
const LONG = `/bin/sh -c echo ${'x'.repeat(60)}`;
const LAST: HistoryStep = {
  id: ID,
  created: '2020-02-03T04:05:06.789Z',
  createdBy: LONG,
  comment: 'fixed',
  size: 1234,
};
const BASE: HistoryStep = { createdBy: '', comment: '', size: 0 };

afterEach(() => {
  vi.unstubAllEnvs();
});

async function list(steps: HistoryStep[], format?: string, options = {}): Promise<string> {
  const render = await readListFormat(new Command(), format);
  return render(historyListing({ noTrunc: false, human: true, ...options }), steps).join('\n');
}

async function table(steps: HistoryStep[], options = {}): Promise<string[][]> {
  const text = await list(steps, undefined, options);
  return text.split('\n').map((line) => line.split(/ {3,}/));
}

describe('historyListing', () => {
  it('is Docker’s', async () => {
    expect(await table([LAST, BASE])).toEqual([
      ['IMAGE', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT'],
      ['123456781234', expect.stringMatching(/^\d+ years ago$/), `${LONG.slice(0, 44)}…`, '1.23kB', 'fixed'],
      ['<missing>', 'N/A', '0B'],
    ]);
  });

  it('has bytes and dates for programs, under Docker’s heading', async () => {
    vi.stubEnv('TZ', 'UTC');
    expect(await table([LAST, BASE], { human: false, noTrunc: true })).toEqual([
      ['IMAGE', 'CREATED AT', 'CREATED BY', 'SIZE', 'COMMENT'],
      [ID, '2020-02-03T04:05:06Z', LONG, '1234', 'fixed'],
      ['<missing>', '0'],
    ]);
    expect(await list([LAST], '{{.CreatedSince}} {{.CreatedAt}}', { human: false })).toBe(
      '2020-02-03T04:05:06Z 2020-02-03T04:05:06Z',
    );
  });

  it.each([
    ['Asia/Kolkata', '2020-02-03T09:35:06+05:30'],
    ['America/New_York', '2020-02-02T23:05:06-05:00'],
  ])('has dates in the zone of this machine: %s', async (zone, date) => {
    vi.stubEnv('TZ', zone);
    expect(await list([LAST], '{{.CreatedAt}}')).toBe(date);
  });

  it('has Docker’s names for templates and JSON', async () => {
    vi.stubEnv('TZ', 'UTC');
    expect(JSON.parse(await list([LAST], 'json'))).toEqual({
      Comment: 'fixed',
      CreatedAt: '2020-02-03T04:05:06Z',
      CreatedBy: `${LONG.slice(0, 44)}…`,
      CreatedSince: expect.stringMatching(/ years ago$/),
      ID: '123456781234',
      Size: '1.23kB',
    });
    expect(await list([LAST, BASE], '{{.ID}}')).toBe('123456781234\n<missing>');
  });

  it('is one line a step, whatever a command contains', async () => {
    const step = { ...BASE, createdBy: 'a\tb\nc\u001b[2J', comment: '\u0007' };
    expect((await table([step])).at(-1)).toEqual(['<missing>', 'N/A', 'a b\\x0ac\\x1b[2J', '0B', '\\x07']);
  });

  it('is a heading alone for an image without steps', async () => {
    expect(await table([])).toEqual([['IMAGE', 'CREATED', 'CREATED BY', 'SIZE', 'COMMENT']]);
  });
});
