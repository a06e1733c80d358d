import { type Command, InvalidArgumentError } from 'commander';
import type { ContainerOptions, ResourceLimit } from '../../ts/container/options.ts';
import { parseUlimit } from '../../ts/container/rlimits.ts';
import { parseSysctl } from '../../ts/container/sysctls.ts';
import { collect, size, whole } from './values.ts';

/** What the kernel is told of the container's processes and namespaces. */
export interface KernelFlags {
  ulimit?: ResourceLimit[];
  sysctl?: [string, string][];
  oomScoreAdj?: number;
  oomKillDisable?: true;
  shmSize?: number;
}

export function addKernelFlags(command: Command): void {
  command
    .option(
      '--ulimit <name=soft[:hard]>',
      'resource limit, e.g. nofile=1024',
      collect(parseUlimit, InvalidArgumentError),
    )
    .option(
      '--sysctl <name=value>',
      'kernel parameter of the container’s own namespaces',
      collect(parseSysctl, InvalidArgumentError),
    )
    .option('--oom-score-adj <number>', 'how soon it is killed for want of memory, -1000 to 1000', oomScore)
    .option('--oom-kill-disable', 'wait for memory at the limit instead of being killed (cgroup v1)')
    .option('--shm-size <size>', 'size of /dev/shm', (text) => size(text, InvalidArgumentError));
}

export function kernelOptions({ ulimit, sysctl, oomScoreAdj, oomKillDisable, shmSize }: KernelFlags): ContainerOptions {
  return {
    rlimits: ulimit === undefined ? undefined : lastOfEach(ulimit),
    sysctls: sysctl === undefined ? undefined : Object.fromEntries(sysctl),
    oomScoreAdj,
    oomKillDisable,
    // As with Docker, none is the default.
    shmSize: shmSize || undefined,
  };
}

function lastOfEach(limits: readonly ResourceLimit[]): ResourceLimit[] {
  return [...new Map(limits.map((limit) => [limit.name, limit])).values()];
}

function oomScore(text: string): number {
  const score = /^-/.test(text) ? -whole(text.slice(1), InvalidArgumentError) : whole(text, InvalidArgumentError);
  if (score >= -1000 && score <= 1000) return score;
  throw new InvalidArgumentError('the range is -1000 to 1000.');
}
