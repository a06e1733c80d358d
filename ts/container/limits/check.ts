import { RcxError } from '../../errors.ts';
import { native } from '../../native/index.ts';
import { toRcxError } from '../../store/nativeError.ts';
import { NO_CGROUP_HINT } from '../cgroupPath.ts';
import type { ContainerOptions } from '../options.ts';
import { changeLimits, type Limits, type NewLimits } from './change.ts';
import { thisMachine } from './cpuset.ts';
import type { FixedLimitOptions, LimitOptions } from './options.ts';

/**
 * The limits of a container that is going to be made.
 * @param cgroup where its cgroups will be
 * @throws ERR_RCX_INVALID_OPTION, and ERR_RCX_CGROUP for what this machine cannot apply
 */
export function newLimits(cgroup: string | undefined, options: ContainerOptions): NewLimits {
  const made = changeLimits({}, {}, options, thisMachine());
  checkLimits(cgroup, made.limits, options);
  return made;
}

/**
 * Asks the kernel whether it can apply limits.
 * @param given which of them somebody has asked for: a limit of swap that comes with one of memory goes without saying
 * @throws ERR_RCX_CGROUP naming the flag, what is missing, and how to get it
 */
export function checkLimits(cgroup: string | undefined, limits: Limits, given: LimitOptions & FixedLimitOptions): void {
  const { memory, ...others } = limits;
  const { swap, ...own } = memory ?? {};
  const isSwapWanted = given.memorySwap !== undefined && given.memorySwap > 0;
  const wanted = {
    ...others,
    ...(memory !== undefined && { memory: { ...own, ...(isSwapWanted && { swap }) } }),
  };
  if (Object.keys(wanted).length === 0) return;
  if (cgroup === undefined) throw hasNoCgroup(wanted);
  try {
    native().checkCgroup(cgroup, JSON.stringify(wanted));
  } catch (error) {
    throw inWordsOfFlags(toRcxError(error, 'ERR_RCX_CGROUP'));
  }
}

/** A limit that would have no effect is refused. */
function hasNoCgroup(wanted: Limits): RcxError {
  const step = 'apply a limit';
  const asked = Object.entries(wanted).flatMap(([name, values]) =>
    Object.keys(values ?? {}).map((key) => `${name}.${key}`),
  );
  const flags = [...new Set(asked.map((name) => FLAGS[name] ?? name))].join(', ');
  const message = `${step}: ${flags}: this user has no cgroup to make a container's in`;
  return new RcxError(message, { code: 'ERR_RCX_CGROUP', step, path: flags, hint: NO_CGROUP_HINT });
}

const FLAGS: Record<string, string> = {
  'memory.limit': '--memory',
  'memory.swap': '--memory-swap',
  'memory.reservation': '--memory-reservation',
  'memory.swappiness': '--memory-swappiness',
  'memory.disableOOMKiller': '--oom-kill-disable',
  'cpu.quota': '--cpus, --cpu-quota',
  'cpu.shares': '--cpu-shares',
  'cpu.realtimeRuntime': '--cpu-rt-runtime',
  'cpu.realtimePeriod': '--cpu-rt-period',
  'cpu.cpus': '--cpuset-cpus',
  'cpu.mems': '--cpuset-mems',
  'pids.limit': '--pids-limit',
  'blockIO.weight': '--blkio-weight',
  'blockIO.weightDevice': '--blkio-weight-device',
  'blockIO.throttleReadBpsDevice': '--device-read-bps',
  'blockIO.throttleWriteBpsDevice': '--device-write-bps',
  'blockIO.throttleReadIOPSDevice': '--device-read-iops',
  'blockIO.throttleWriteIOPSDevice': '--device-write-iops',
};

/** The core knows limits by their names in the runtime-spec, the user by flags. */
export function inWordsOfFlags(error: RcxError): RcxError {
  const translate = (text: string) => text.replace(/^apply the limit ([\w.]+)/, (all, name) => FLAGS[name] ?? all);
  const { code, step, path, errno, hint, cause } = error;
  const details = { code, step: step === undefined ? step : translate(step), path, errno, hint, cause };
  return new RcxError(translate(error.message), details);
}
