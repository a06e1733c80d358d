import { describe, expect, it } from 'vitest';
import { changeLimits, type Limits } from '../../../../ts/container/limits/change.ts';
import { parseCpuset } from '../../../../ts/container/limits/cpuset.ts';
import type { FixedLimitOptions, LimitOptions } from '../../../../ts/container/limits/options.ts';

const MACHINE = { cpus: '0-3', mems: '0', processors: 4 };
const MIB = 2 ** 20;

function change(old: Limits, options: LimitOptions & FixedLimitOptions, cpuQuota?: boolean) {
  const { limits, changed, notes } = changeLimits(old, cpuQuota === undefined ? {} : { cpuQuota }, options, MACHINE);
  return { all: limits, told: changed, cpuQuota: notes.cpuQuota, devices: notes.blockDevices };
}

describe('changeLimits', () => {
  it('changes what is given, and tells the kernel that and what depends on it', () => {
    const old = { memory: { limit: 64 * MIB, swap: 128 * MIB }, pids: { limit: 9 } };
    expect(change(old, { memory: 32 * MIB })).toMatchObject({
      all: { memory: { limit: 32 * MIB, swap: 128 * MIB }, pids: { limit: 9 } },
      told: { memory: { limit: 32 * MIB, swap: 128 * MIB } },
    });
    expect(change(old, {})).toEqual({ all: old, told: {}, cpuQuota: undefined });
  });

  it('allows as much swap as memory where nothing else was said, as run does', () => {
    expect(change({}, { memory: 64 * MIB }).all.memory).toEqual({ limit: 64 * MIB, swap: 128 * MIB });
    expect(change({ memory: { limit: 8 * MIB, swap: -1 } }, { memory: 16 * MIB }).all.memory).toEqual({
      limit: 16 * MIB,
      swap: -1,
    });
  });

  it.each<[Limits, LimitOptions & FixedLimitOptions, RegExp]>([
    [{}, { memory: 6 * MIB - 1 }, /--memory: the least is 6m/],
    [{}, { memoryReservation: 1 }, /--memory-reservation: the least is 6m/],
    [{ memory: { limit: 8 * MIB, swap: 16 * MIB } }, { memory: 32 * MIB }, /above that of memory and swap together/],
    [{}, { memorySwap: MIB }, /needs a limit of memory/],
    [{ memory: { limit: 8 * MIB, swap: 16 * MIB } }, { memorySwap: MIB }, /--memory-swap .* less than --memory/],
    [{ memory: { limit: 8 * MIB, swap: 8 * MIB } }, { memoryReservation: 9 * MIB }, /less than --memory-reservation/],
    [{}, { memorySwappiness: 101 }, /--memory-swappiness is from 0 to 100/],
    [{}, { cpuPeriod: 999 }, /--cpu-period is from 1000 to 1000000/],
    [{}, { cpuPeriod: 1_000_001 }, /--cpu-period is from 1000 to 1000000/],
    [{}, { cpuQuota: 10 }, /--cpu-quota is at least 1000/],
    [{}, { cpuShares: 1 }, /--cpu-shares is from 2 to 262144/],
    [{}, { cpuShares: 262_145 }, /--cpu-shares is from 2 to 262144/],
    [{}, { cpuRtRuntime: 2000, cpuRtPeriod: 1000 }, /--cpu-rt-runtime cannot be more than --cpu-rt-period/],
    [{}, { cpuRtRuntime: 1_000_001 }, /--cpu-rt-runtime cannot be more/],
    [{}, { cpusetCpus: '9' }, /--cpuset-cpus: not all of 9 are there/],
    [{}, { cpusetCpus: 'a' }, /"a" is no list of numbers/],
    [{}, { cpusetMems: '1' }, /--cpuset-mems: not all of 1/],
    [{}, { cpus: 4.5 }, /--cpus is from 0.01 to 4.00/],
    [{}, { cpus: 0.001 }, /--cpus is from 0.01 to 4.00/],
    [{}, { cpus: 1, cpuQuota: 5000 }, /--cpus does not go with/],
    [{ cpu: { quota: 50_000, period: 100_000 } }, { cpuQuota: 5000 }, /do not go with --cpus/],
    [{}, { blkioWeight: 9 }, /--blkio-weight is from 10 to 1000/],
    [{}, { blkioWeight: 1001 }, /--blkio-weight is from 10 to 1000/],
    [{}, { deviceReadBps: [{ path: '/dev/none', value: 1 }] }, /--device-read-bps: "\/dev\/none": ENOENT/],
    [{}, { deviceWriteIops: [{ path: '/dev/null', value: 1 }] }, /"\/dev\/null" is no block device/],
  ])('of %j refuses %j', (old, options, message) => {
    expect(() => change(old, options)).toThrow(message);
  });

  it('remembers how processor time was limited', () => {
    expect(change({}, { cpuQuota: 5000 })).toMatchObject({ all: { cpu: { quota: 5000 } }, cpuQuota: true });
    const old = { cpu: { quota: 5000, period: 10_000 } };
    expect(change(old, { cpuPeriod: 20_000 }, true)).toMatchObject({ all: { cpu: { quota: 5000, period: 20_000 } } });
    expect(() => change(old, { cpus: 2 }, true)).toThrow(/--cpus does not go with/);
    expect(change({ cpu: { quota: 1, period: 2 } }, { cpus: 1.5 })).toMatchObject({
      all: { cpu: { quota: 150_000, period: 100_000 } },
      cpuQuota: false,
    });
  });

  it('leaves one part of the processors as it is when another changes', () => {
    const old = { cpu: { quota: 50_000, period: 100_000, shares: 512 } };
    expect(change(old, { cpusetCpus: '0,2-3' })).toMatchObject({
      all: { cpu: { ...old.cpu, cpus: '0,2-3' } },
      told: { cpu: { cpus: '0,2-3' } },
    });
  });

  it('takes 0 for what was not given, as Docker does', () => {
    const nothing = { memory: 0, memorySwap: 0, cpus: 0, cpuShares: 0, cpuQuota: 0, cpuPeriod: 0, blkioWeight: 0 };
    expect(change({}, { ...nothing, cpusetCpus: '' }).told).toEqual({});
    expect(change({ memory: { limit: 8 * MIB } }, { memory: 0 }).all.memory).toEqual({ limit: 8 * MIB });
  });

  it('takes 0 processes for no limit, as Docker does', () => {
    expect(change({ pids: { limit: 5 } }, { pidsLimit: 0 }).all.pids).toEqual({ limit: -1 });
  });
});

describe('parseCpuset', () => {
  it.each([
    ['0-2,7', [0, 1, 2, 7]],
    ['3', [3]],
    ['', undefined],
    ['2-1', undefined],
    ['1,,2', undefined],
    ['99999', undefined],
  ])('%j is %j', (text, numbers) => {
    expect([...(parseCpuset(text) ?? [])]).toEqual(numbers ?? []);
    expect(parseCpuset(text) === undefined).toBe(numbers === undefined);
  });
});
