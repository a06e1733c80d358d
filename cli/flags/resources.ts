import { type Command, InvalidArgumentError } from 'commander';
import type { ContainerOptions } from '../../ts/container/options.ts';
import { memorySize, positive, whole } from './values.ts';

/** Limits of the container's cgroup. */
export interface ResourceFlags {
  memory?: number;
  cpus?: number;
  pidsLimit?: number;
}

export function addResourceFlags(command: Command): void {
  command
    .option('-m, --memory <size>', 'memory limit: bytes, or with b, k, m, g', (text) =>
      memorySize(text, InvalidArgumentError),
    )
    .option('--cpus <number>', 'processors’ worth of time, e.g. 1.5', (text) => positive(text, InvalidArgumentError))
    .option('--pids-limit <number>', 'most processes at a time; -1 for no limit', (text) =>
      whole(text, InvalidArgumentError),
    );
}

export function resourceOptions({ memory, cpus, pidsLimit }: ResourceFlags): ContainerOptions {
  return { memory, cpus, pidsLimit };
}
