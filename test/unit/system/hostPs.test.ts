import { describe, expect, it } from 'vitest';
import { parsePs, runPs } from '../../../ts/system/hostPs.ts';

const pids = new Set([10, 12]);

describe('parsePs', () => {
  it('takes the lines of the processes, with all of the last column', () => {
    const output = '    PID   RSS COMMAND\n     10  1024 sh -c  sleep 9\n     11     1 other\n     12     5 sleep 9\n';
    expect(parsePs(output, pids)).toEqual({
      titles: ['PID', 'RSS', 'COMMAND'],
      rows: [
        ['10', '1024', 'sh -c sleep 9'],
        ['12', '5', 'sleep 9'],
      ],
    });
  });

  it('takes the threads below their process', () => {
    const output = 'PID LWP CMD\n10 - java\n- 101 -\n- 102 -\n11 - other\n- 111 -\n';
    expect(parsePs(output, pids).rows).toEqual([
      ['10', '-', 'java'],
      ['-', '101', '-'],
      ['-', '102', '-'],
    ]);
  });

  it('needs the column PID', () => {
    expect(() => parsePs('COMMAND\nsh\n', pids)).toThrow(/no column PID/);
    expect(() => parsePs('', pids)).toThrow(/no column PID/);
  });
});

describe('runPs', () => {
  it.each([[['-o', 'ppid=PID']], [['-eo', 'pid,args=PIDS']]])('refuses %j', async (args) => {
    await expect(runPs([1], args)).rejects.toThrow(/a column cannot be called "PID/);
  });
});
