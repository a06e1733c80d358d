import { type Command, InvalidArgumentError, Option } from 'commander';
import type { LimitOptions } from '../../ts/container/limits/options.ts';
import { count, size, whole } from './values.ts';

/** Limits that `run` and `update` have in common. */
export type LimitFlags = Pick<LimitOptions, (typeof NAMES)[number]>;

const NAMES = [
  ...(['memory', 'memorySwap', 'memoryReservation', 'pidsLimit', 'blkioWeight', 'cpus', 'cpuShares'] as const),
  ...(['cpuQuota', 'cpuPeriod', 'cpuRtRuntime', 'cpuRtPeriod', 'cpusetCpus', 'cpusetMems'] as const),
];

export function addLimitFlags(command: Command): void {
  const number = (text: string) => whole(text, InvalidArgumentError);
  const natural = (text: string) => count(text, InvalidArgumentError);
  const bytes = (text: string) => size(text, InvalidArgumentError);
  command
    .option('-m, --memory <size>', 'memory limit: bytes, or with b, k, m, g', bytes)
    .option('--memory-swap <size>', 'limit of memory and swap together, -1 for none', swap)
    .option('--memory-reservation <size>', 'memory that is left to it when others want some', bytes)
    .option('--cpus <number>', 'processors’ worth of time, e.g. 1.5', processors)
    .option('-c, --cpu-shares <number>', 'weight against others when all are busy; 1024 is usual', natural)
    .option('--cpu-quota <microseconds>', 'processor time of each period, -1 for no limit', number)
    .option('--cpu-period <microseconds>', 'what the quota is a part of', natural)
    .option('--cpu-rt-runtime <microseconds>', 'time of each period for real-time processes; cgroup v1', natural)
    .option('--cpu-rt-period <microseconds>', 'what that is a part of; cgroup v1', natural)
    .option('--cpuset-cpus <list>', 'processors it may use: 0-2,7')
    .option('--cpuset-mems <list>', 'memory nodes it may use')
    .option('--pids-limit <number>', 'most processes at a time, -1 for no limit', number)
    .option('--blkio-weight <number>', 'weight against others when disks are busy, 10 to 1000', natural)
    .addOption(new Option('--kernel-memory <size>', 'gone from Linux').argParser(gone).hideHelp());
}

export function limitOptions(flags: LimitFlags): LimitOptions {
  return Object.fromEntries(NAMES.map((name) => [name, flags[name]]));
}

function swap(text: string): number {
  return text === '-1' ? -1 : size(text, InvalidArgumentError);
}

function processors(text: string): number {
  const number = Number(text);
  if (!(number >= 0 && Number.isFinite(number)) || text.trim() === '')
    throw new InvalidArgumentError('give a number of processors, e.g. 1.5.');
  return number;
}

function gone(): never {
  throw new InvalidArgumentError('Linux has no such limit any more: --memory counts the kernel’s part, too.');
}
