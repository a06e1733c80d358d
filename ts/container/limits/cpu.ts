import { CPU_PERIOD_MICROS } from '../spec/defaults.ts';
import type { SpecResources } from '../spec/types.ts';
import { checkCpuset, type Machine } from './cpuset.ts';
import { invalidLimit } from './invalid.ts';
import type { LimitOptions } from './options.ts';

type Cpu = NonNullable<SpecResources['cpu']>;

/** What is on record of a container's processors. */
export interface OldCpu {
  cpu: Cpu | undefined;
  /** Time was limited as quota and period, and not as so many processors. */
  isQuota: boolean;
}

/** The kernel's, in microseconds (Documentation/scheduler/sched-bwc.rst). */
const PERIODS = { least: 1000, most: 1_000_000 };
const LEAST_QUOTA = 1000;
/** cpu.shares of v1. */
const SHARES = { least: 2, most: 262_144 };

/**
 * Limits of processors; `time`, quota and period, only makes sense as a whole.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function changeCpu(old: OldCpu, options: LimitOptions, machine: Machine): Cpu & { time?: Cpu } {
  const { cpuShares, cpusetCpus, cpusetMems, cpuRtRuntime, cpuRtPeriod } = options;
  checkTime(old, options, machine);
  checkRealTime(old, options);
  if (cpuShares !== undefined && cpuShares !== 0 && !(cpuShares >= SHARES.least && cpuShares <= SHARES.most)) {
    throw invalidLimit(`--cpu-shares is from ${SHARES.least} to ${SHARES.most}`, 'the default is 1024');
  }
  checkCpuset('--cpuset-cpus', cpusetCpus, () => machine.cpus);
  checkCpuset('--cpuset-mems', cpusetMems, () => machine.mems);
  const time = timeOf(old.cpu, options);
  return {
    ...(time !== undefined && { time }),
    ...(cpuShares && { shares: cpuShares }),
    ...(cpuRtRuntime && { realtimeRuntime: cpuRtRuntime }),
    ...(cpuRtPeriod && { realtimePeriod: cpuRtPeriod }),
    ...(cpusetCpus && { cpus: cpusetCpus }),
    ...(cpusetMems && { mems: cpusetMems }),
  };
}

function checkTime({ cpu, isQuota }: OldCpu, { cpus, cpuQuota, cpuPeriod }: LimitOptions, machine: Machine): void {
  const isLimited = cpu?.quota !== undefined || cpu?.period !== undefined;
  const asQuota = Boolean(cpuQuota) || Boolean(cpuPeriod);
  if (cpus && (asQuota || (isLimited && isQuota))) {
    throw invalidLimit('--cpus does not go with --cpu-quota and --cpu-period', 'give either the one or the others');
  }
  if (asQuota && isLimited && !isQuota && cpu?.quota !== -1) {
    throw invalidLimit('--cpu-quota and --cpu-period do not go with --cpus, which the container has', 'change that');
  }
  if (cpus !== undefined && !(cpus === 0 || (cpus >= 0.01 && cpus <= machine.processors))) {
    throw invalidLimit(
      `--cpus is from 0.01 to ${machine.processors}.00`,
      `there are ${machine.processors} processors, and 0 is no limit`,
    );
  }
  if (cpuPeriod && !(cpuPeriod >= PERIODS.least && cpuPeriod <= PERIODS.most)) {
    throw invalidLimit('--cpu-period is from 1000 to 1000000 microseconds', 'the default is 100000');
  }
  if (cpuQuota && cpuQuota > 0 && cpuQuota < LEAST_QUOTA) {
    throw invalidLimit('--cpu-quota is at least 1000 microseconds', 'give -1 for no limit');
  }
}

function checkRealTime({ cpu }: OldCpu, { cpuRtRuntime, cpuRtPeriod }: LimitOptions): void {
  const runtime = cpuRtRuntime || cpu?.realtimeRuntime;
  // The kernel's own, in microseconds.
  const period = cpuRtPeriod || cpu?.realtimePeriod || 1_000_000;
  if (runtime !== undefined && runtime > period) {
    throw invalidLimit(
      `--cpu-rt-runtime cannot be more than --cpu-rt-period, ${period} microseconds`,
      'it is the part of each period that real-time processes may use',
    );
  }
}

function timeOf(old: Cpu | undefined, { cpus, cpuQuota, cpuPeriod }: LimitOptions): Cpu | undefined {
  if (cpus) return { quota: Math.round(cpus * CPU_PERIOD_MICROS), period: CPU_PERIOD_MICROS };
  if (!cpuQuota && !cpuPeriod) return undefined;
  const [quota, period] = [cpuQuota || old?.quota, cpuPeriod || old?.period];
  return { ...(quota !== undefined && { quota }), ...(period !== undefined && { period }) };
}
