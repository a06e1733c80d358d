import { describe, expect, it } from 'vitest';
import { parseCpuset } from '../../../ts/container/cpuset.ts';
import { changeLimits, type LimitOptions } from '../../../ts/container/limits.ts';
import type { ContainerConfig } from '../../../ts/container/record.ts';
import type { SpecResources } from '../../../ts/container/spec/types.ts';

const MACHINE = { cpus: '0-3', mems: '0' };
const MIB = 2 ** 20;
const DEVICES = [{ allow: false, access: 'rwm' }];

function change(own: Omit<SpecResources, 'devices'>, options: LimitOptions, cpuQuota?: boolean) {
  const spec = { linux: { resources: { devices: DEVICES, ...own }, cgroupsPath: '/x' } };
  const config = { request: { spec, rcx: {} }, ...(cpuQuota !== undefined && { cpuQuota }) };
  const { config: changed, resources } = changeLimits(config as unknown as ContainerConfig, options, MACHINE);
  const { devices, ...all } = changed.request.spec.linux.resources;
  expect(devices).toEqual(DEVICES);
  const { devices: _, ...told } = resources;
  return { all, told, cpuQuota: changed.cpuQuota };
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
    expect(change({ memory: { limit: MIB, swap: -1 } }, { memory: 2 * MIB }).all.memory).toEqual({
      limit: 2 * MIB,
      swap: -1,
    });
  });

  it.each<[Omit<SpecResources, 'devices'>, LimitOptions, RegExp]>([
    [{ memory: { limit: MIB, swap: 2 * MIB } }, { memory: 3 * MIB }, /--memory-swap at the same time|above that of/],
    [{}, { memorySwap: MIB }, /needs a limit of memory/],
    [{ memory: { limit: 2 * MIB, swap: 4 * MIB } }, { memorySwap: MIB }, /cannot be less than memory/],
    [{ memory: { limit: MIB, swap: MIB } }, { memoryReservation: 2 * MIB }, /less than what is reserved/],
    [{}, { cpuPeriod: 999 }, /from 1000 to 1000000/],
    [{}, { cpuQuota: 10 }, /at least 1000/],
    [{}, { cpusetCpus: '9' }, /not all of 9 are there/],
    [{}, { cpusetCpus: 'a' }, /"a" is no list of numbers/],
    [{}, { cpusetMems: '1' }, /--cpuset-mems: not all of 1/],
    [{}, { cpus: 1, cpuQuota: 5000 }, /--cpus does not go with/],
    [{ cpu: { quota: 50_000, period: 100_000 } }, { cpuQuota: 5000 }, /do not go with --cpus/],
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
