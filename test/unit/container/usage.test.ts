import { describe, expect, it } from 'vitest';
import { cpuPercent } from '../../../ts/container/usage.ts';
import {
  field,
  limitOf,
  parseBlockIo,
  parseNetwork,
  parseProcessIo,
  processSeconds,
  workingSet,
} from '../../../ts/container/usageFiles.ts';

describe('cpuPercent', () => {
  const before = { at: 5_000_000_000n, cpu: 7e9 };

  // Seconds later, seconds of processor time, percent.
  it.each([
    [1, 0.25, 25],
    [2, 4, 200],
    [1, 0, 0],
    [1, -1, 0],
    [0, 1, 0],
  ])('in %d s with %d s of processor time is %d', (later, used, expected) => {
    const after = { at: before.at + BigInt(later) * 1_000_000_000n, cpu: before.cpu + used * 1e9 };
    expect(cpuPercent(before, after)).toBe(expected);
  });
});

describe('files of cgroups and processes', () => {
  it('have a number behind a name', () => {
    const text = 'inactive_file 12\nactive_file 3\ninactive 4\nPss:                 7 kB\n';
    expect(['inactive_file', 'file', 'inactive', 'Pss:', 'Pss'].map((name) => field(text, name))).toEqual([
      12,
      undefined,
      4,
      7,
      undefined,
    ]);
  });

  it('count memory without files that nobody uses', () => {
    expect([workingSet(10, 3), workingSet(10, undefined), workingSet(10, 12)]).toEqual([7, 10, 10]);
  });

  it.each([
    ['max\n', 1000],
    ['9223372036854771712\n', 1000],
    ['512\n', 512],
    ['-1', 1000],
    [undefined, 1000],
  ])('a limit of %j is %d of 1000', (text, expected) => {
    expect(limitOf(text, 1000)).toBe(expected);
  });

  it('count what disks have done, in v2 and v1', () => {
    const v2 = '8:0 rbytes=10 wbytes=20 rios=1 wios=1 dbytes=99 dios=1\n253:0 rbytes=1 wbytes=2 rios=1 wios=1\n';
    const v1 = '8:0 Read 10\n8:0 Write 20\n8:0 Sync 30\n8:0 Total 30\n8:16 Read 5\nTotal 35\n';
    expect(parseBlockIo(v2)).toEqual({ in: 11, out: 22 });
    expect(parseBlockIo(v1)).toEqual({ in: 15, out: 20 });
    expect(parseBlockIo('')).toEqual({ in: 0, out: 0 });
    const own = 'rchar: 5\nwchar: 6\nread_bytes: 4096\nwrite_bytes: 8192\ncancelled_write_bytes: 1\n';
    expect(parseProcessIo(own)).toEqual({ in: 4096, out: 8192 });
  });

  it('count what the network has brought, but for the loopback', () => {
    const text = [
      'Inter-|   Receive                                                |  Transmit',
      ' face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls',
      '    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0',
      '  eth0:    1000      10    0    0    0     0          0         0     2000      20    0    0    0     0',
      '  eth1:       5       1    0    0    0     0          0         0        6       1    0    0    0     0',
    ].join('\n');
    expect(parseNetwork(text)).toEqual({ in: 1005, out: 2006 });
  });

  it('count processor time with that of children', () => {
    expect(processSeconds('1 (a b) c) S 0 1 1 0 -1 4 1 2 3 4 150 50 100 200 20 0 1')).toBe(5);
    expect(processSeconds('')).toBe(0);
  });
});
