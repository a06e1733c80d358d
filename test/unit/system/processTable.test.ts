import { describe, expect, it } from 'vitest';
import { type Clock, type ProcessFiles, processRow, processTable } from '../../../ts/system/processTable.ts';

/** Local noon of a day in spring; the machine was started ten days before. */
const NOW = new Date(2026, 3, 20, 12, 0, 0).getTime();
const DAY = 86_400;
const CLOCK: Clock = {
  now: NOW,
  boot: NOW / 1000 - 10 * DAY,
  userName: (uid) => ({ 0: 'root', 998: 'systemd-network' })[uid],
};

interface Made {
  name?: string;
  state?: string;
  tty?: number;
  /** Clock ticks. */
  user?: number;
  system?: number;
  /** Seconds before now. */
  age?: number;
  uid?: number;
  cmdline?: string;
}

function files({ name = 'sh', state = 'S', tty = 0, user = 0, system = 0, age = 60, uid = 0, ...more }: Made = {}) {
  const start = (10 * DAY - age) * 100;
  const zeros = (count: number) => Array.from({ length: count }, () => 0);
  const stat = `42 (${name}) ${[state, 7, 42, 42, tty, ...zeros(6), user, system, ...zeros(6), start, 0].join(' ')}`;
  const status = `Name:\tx\nUid:\t1\t${uid}\t1\t1\n`;
  return { stat, status, cmdline: more.cmdline ?? 'sleep\x009\0' } satisfies ProcessFiles;
}

const row = (made?: Made) => processRow(files(made), CLOCK);

describe('processRow', () => {
  it('is a line of ps -ef', () => {
    expect(row()).toEqual(['root', '42', '7', '0', '11:59', '?', '00:00:00', 'sleep 9']);
  });

  it.each<[Made, number, string]>([
    [{ uid: 998 }, 0, 'systemd+'],
    [{ uid: 12_345 }, 0, '12345'],
    [{ user: 1500, system: 1500, age: 100 }, 3, '30'],
    [{ user: 999_999, age: 10 }, 3, '99'],
    [{ age: 2 * DAY }, 4, 'Apr18'],
    [{ age: 365 * DAY }, 4, '2025'],
    [{ tty: 0x8803 }, 5, 'pts/3'],
    [{ tty: 0x0401 }, 5, 'tty1'],
    [{ tty: 0x0441 }, 5, 'ttyS1'],
    [{ tty: 0x0501 }, 5, 'console'],
    [{ user: 372_300 }, 6, '01:02:03'],
    [{ user: 100 * (3 * DAY + 61) }, 6, '3-00:01:01'],
    [{ cmdline: '' }, 7, '[sh]'],
    [{ state: 'Z', cmdline: '' }, 7, '[sh] <defunct>'],
    [{ name: 'a) S (b', cmdline: '' }, 7, '[a) S (b]'],
    [{ cmdline: 'nginx: master\0\0\0' }, 7, 'nginx: master'],
  ])('%j: column %i is %s', (made, column, text) => {
    expect(row(made)[column]).toBe(text);
  });
});

describe('processTable', () => {
  it('reads what runs, and leaves out what does not', () => {
    const { titles, rows } = processTable([process.pid, 2 ** 22 + 1]);
    expect(titles.join(' ')).toBe('UID PID PPID C STIME TTY TIME CMD');
    expect(rows.map((cells) => cells[1])).toEqual([String(process.pid)]);
    expect(rows[0]?.[2]).toBe(String(process.ppid));
  });
});
