import { describe, expect, it } from 'vitest';
import { type OwnLimits, requireLimits } from '../../../ts/container/hostLimits.ts';
import { parseUlimit } from '../../../ts/container/rlimits.ts';

describe('parseUlimit', () => {
  it.each([
    ['nofile=1024', 'nofile', 1024, 1024],
    ['nofile=10:20', 'nofile', 10, 20],
    ['core=0', 'core', 0, 0],
    ['core=-1', 'core', -1, -1],
    ['memlock=5:-1', 'memlock', 5, -1],
    ['stack=unlimited:unlimited', 'stack', -1, -1],
  ])('%s', (text, name, soft, hard) => {
    expect(parseUlimit(text)).toEqual({ name, soft, hard });
  });

  it.each([
    ['', /nofile=1024/],
    ['nofile', /nofile=1024/],
    ['foo=1', /invalid ulimit type: foo/],
    ['constructor=1', /invalid ulimit type/],
    ['as=1', /invalid ulimit type/],
    ['nofile=x', /whole numbers/],
    ['nofile=1:2:3', /whole numbers/],
    ['nofile=-2', /whole numbers/],
    ['nofile=1.5', /whole numbers/],
    ['nofile=99999999999999999999', /whole numbers/],
    ['nofile=10:5', /soft limit/],
    ['nofile=-1:5', /soft limit/],
  ])('refuses %j', (text, hint) => {
    expect(() => parseUlimit(text)).toThrow(expect.objectContaining({ hint: expect.stringMatching(hint) }));
  });
});

describe('requireLimits', () => {
  const limits =
    'Limit                     Soft Limit           Hard Limit           Units     \n' +
    'Max cpu time              unlimited            unlimited            seconds   \n' +
    'Max open files            1024                 4096                 files     \n' +
    'Max realtime priority     0                    0                    \n';
  const own: OwnLimits = { limits, capabilities: 0n, oomScoreAdj: 100, mostFiles: 1_000_000 };
  const privileged = { ...own, capabilities: 1n << 24n };
  const nofile = (hard: number) => ({ rlimits: [{ name: 'nofile', soft: 0, hard }] });

  it('takes what this process may set', () => {
    requireLimits({ ...nofile(4096), oomScoreAdj: 100 }, own);
    requireLimits({ rlimits: [{ name: 'cpu', soft: -1, hard: -1 }] }, own);
    requireLimits({ ...nofile(1_000_000), oomScoreAdj: -1000 }, privileged);
  });

  it.each([
    ['more files than this process may have', nofile(4097), own, 'ERR_RCX_RLIMIT'],
    ['any number of files', nofile(-1), own, 'ERR_RCX_RLIMIT'],
    ['a priority', { rlimits: [{ name: 'rtprio', soft: 1, hard: 1 }] }, own, 'ERR_RCX_RLIMIT'],
    ['more files than the kernel allows', nofile(1_000_001), privileged, 'ERR_RCX_RLIMIT'],
    ['a lower score', { oomScoreAdj: 99 }, own, 'ERR_RCX_OOM_SCORE'],
  ])('refuses %s', (_, options, may, code) => {
    expect(() => requireLimits(options, may)).toThrow(expect.objectContaining({ code }));
  });

  it('knows what the kernel says of this process', () => {
    requireLimits({ rlimits: [{ name: 'nofile', soft: 1, hard: 1 }], oomScoreAdj: 1000 });
  });
});
