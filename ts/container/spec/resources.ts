import type { ContainerOptions } from '../options.ts';
import { CPU_PERIOD_MICROS } from './defaults.ts';
import type { SpecResources } from './types.ts';

/** Limits of the container's cgroup, and the devices that it may use beside the default ones. */
export function specResources({ memory, cpus, pidsLimit }: ContainerOptions): SpecResources {
  return {
    devices: [{ allow: false, access: 'rwm' }],
    ...(memory === undefined ? {} : { memory: { limit: memory, swap: memory * 2 } }),
    ...(cpus === undefined ? {} : { cpu: { quota: Math.round(cpus * CPU_PERIOD_MICROS), period: CPU_PERIOD_MICROS } }),
    ...(pidsLimit === undefined ? {} : { pids: { limit: pidsLimit } }),
  };
}
