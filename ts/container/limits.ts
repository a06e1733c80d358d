import { RcxError } from '../errors.ts';
import { checkCpuset, type Machine } from './cpuset.ts';
import type { ContainerConfig } from './record.ts';
import { CPU_PERIOD_MICROS } from './spec/defaults.ts';
import type { SpecResources } from './spec/types.ts';

/** Limits by the flags of Docker's `update`; what is left out stays as it is. */
export interface LimitOptions {
  /** Bytes. */
  memory?: number | undefined;
  /** Bytes of memory and swap together; -1 for no limit. */
  memorySwap?: number | undefined;
  memoryReservation?: number | undefined;
  /** Processors' worth of time. */
  cpus?: number | undefined;
  cpuShares?: number | undefined;
  /** Microseconds of each period. */
  cpuQuota?: number | undefined;
  cpuPeriod?: number | undefined;
  /** As `0-2,7`. */
  cpusetCpus?: string | undefined;
  cpusetMems?: string | undefined;
  /** -1 for no limit. */
  pidsLimit?: number | undefined;
}

export interface ChangedLimits {
  /** The container's record with the new limits. */
  config: ContainerConfig;
  /** What the kernel has to be told: what was changed, and what that depends on. */
  resources: SpecResources;
}

/**
 * A container's record with other limits.
 * @throws ERR_RCX_INVALID_OPTION for limits that do not go together
 */
export function changeLimits(config: ContainerConfig, options: LimitOptions, machine: Machine): ChangedLimits {
  const old = config.request.spec.linux.resources;
  const memory = changeMemory(old.memory, options);
  const cpu = changeCpu(config, options);
  checkCpuset('--cpuset-cpus', options.cpusetCpus, machine.cpus);
  checkCpuset('--cpuset-mems', options.cpusetMems, machine.mems);
  // Docker's 0 is no limit, the runtime-spec's none is.
  const pids =
    options.pidsLimit === undefined ? undefined : { limit: options.pidsLimit === 0 ? -1 : options.pidsLimit };
  const { time, ...own } = cpu;
  const changed: Omit<SpecResources, 'devices'> = {
    ...(memory !== undefined && { memory }),
    ...((time !== undefined || Object.keys(own).length > 0) && { cpu: { ...time, ...own } }),
    ...(pids !== undefined && { pids }),
  };
  const merged = { ...old, ...changed, ...(changed.cpu !== undefined && { cpu: { ...old.cpu, ...changed.cpu } }) };
  const { spec, rcx } = config.request;
  const request = { spec: { ...spec, linux: { ...spec.linux, resources: merged } }, rcx };
  const cpuQuota = time === undefined ? config.cpuQuota : options.cpus === undefined;
  return {
    config: { ...config, ...(cpuQuota !== undefined && { cpuQuota }), request },
    resources: { devices: [], ...changed },
  };
}

function changeMemory(
  old: SpecResources['memory'] = {},
  { memory, memorySwap, memoryReservation }: LimitOptions,
): SpecResources['memory'] | undefined {
  if (memory === undefined && memorySwap === undefined && memoryReservation === undefined) return undefined;
  const limit = memory ?? old.limit;
  // As when a container is made: as much swap as memory, unless somebody has said otherwise.
  const swap = memorySwap ?? old.swap ?? (limit === undefined ? undefined : limit * 2);
  const reservation = memoryReservation ?? old.reservation;
  if (memorySwap !== undefined && memorySwap > 0 && limit === undefined) {
    throw conflict('--memory-swap is about memory and swap together and needs a limit of memory', 'give --memory, too');
  }
  if (swap !== undefined && swap > 0 && limit !== undefined && limit > swap) {
    throw memorySwap === undefined
      ? conflict('the limit of memory is above that of memory and swap together', 'give --memory-swap at the same time')
      : conflict('--memory-swap is memory and swap together and cannot be less than memory', 'give more');
  }
  if (limit !== undefined && reservation !== undefined && reservation > limit) {
    throw conflict('the limit of memory cannot be less than what is reserved', 'give a smaller --memory-reservation');
  }
  return {
    ...(limit !== undefined && { limit }),
    ...(swap !== undefined && { swap }),
    ...(reservation !== undefined && { reservation }),
  };
}

type Cpu = NonNullable<SpecResources['cpu']>;

/** `time`, quota and period, only makes sense as a whole. */
function changeCpu(config: ContainerConfig, options: LimitOptions): Cpu & { time?: Cpu } {
  const { cpus, cpuShares, cpuQuota, cpuPeriod, cpusetCpus, cpusetMems } = options;
  const { quota, period } = config.request.spec.linux.resources.cpu ?? {};
  const isLimited = quota !== undefined || period !== undefined;
  const asQuota = cpuQuota !== undefined || cpuPeriod !== undefined;
  if (cpus !== undefined && (asQuota || (isLimited && config.cpuQuota === true))) {
    throw conflict('--cpus does not go with --cpu-quota and --cpu-period, which the container has', 'change those');
  }
  if (asQuota && isLimited && config.cpuQuota !== true && quota !== -1) {
    throw conflict('--cpu-quota and --cpu-period do not go with --cpus, which the container has', 'change that');
  }
  if (cpuPeriod !== undefined && !(cpuPeriod >= 1000 && cpuPeriod <= 1_000_000)) {
    throw conflict('--cpu-period is from 1000 to 1000000 microseconds', 'the default is 100000');
  }
  if (cpuQuota !== undefined && cpuQuota > 0 && cpuQuota < 1000) {
    throw conflict('--cpu-quota is at least 1000 microseconds', 'give -1 for no limit');
  }
  const time =
    cpus === undefined ? timeOf(asQuota, { quota: cpuQuota ?? quota, period: cpuPeriod ?? period }) : share(cpus);
  return {
    ...(time !== undefined && { time }),
    ...(cpuShares !== undefined && { shares: cpuShares }),
    ...(cpusetCpus !== undefined && { cpus: cpusetCpus }),
    ...(cpusetMems !== undefined && { mems: cpusetMems }),
  };
}

function share(cpus: number): Cpu {
  return { quota: Math.round(cpus * CPU_PERIOD_MICROS), period: CPU_PERIOD_MICROS };
}

function timeOf(
  isWanted: boolean,
  { quota, period }: { quota: number | undefined; period: number | undefined },
): Cpu | undefined {
  if (!isWanted) return undefined;
  return { ...(quota !== undefined && { quota }), ...(period !== undefined && { period }) };
}

function conflict(problem: string, hint: string): RcxError {
  const step = "change the container's limits";
  return new RcxError(`${step}: ${problem}`, { code: 'ERR_RCX_INVALID_OPTION', step, hint });
}
