import type { ContainerConfig } from '../record.ts';
import type { SpecResources } from '../spec/types.ts';
import { blockLimits } from './block.ts';
import { changeCpu } from './cpu.ts';
import type { Machine } from './cpuset.ts';
import { changeMemory } from './memory.ts';
import type { FixedLimitOptions, LimitOptions } from './options.ts';

/** Limits as the runtime-spec has them. */
export type Limits = Omit<SpecResources, 'devices'>;

/** What is on record of limits: how they were given, where the runtime-spec does not say so. */
export type LimitNotes = Pick<ContainerConfig, 'cpuQuota' | 'blockDevices'>;

export interface NewLimits {
  /** All that there are now. */
  limits: Limits;
  /** What the kernel has to be told: what was changed, and what that depends on. */
  changed: Limits;
  notes: LimitNotes;
}

/**
 * Limits with others in their place; a container that is made has none before.
 * @throws ERR_RCX_INVALID_OPTION for limits that do not go together, or that this machine cannot have
 */
export function changeLimits(
  old: Limits,
  notes: LimitNotes,
  options: LimitOptions & FixedLimitOptions,
  machine: Machine,
): NewLimits {
  const memory = changeMemory(old.memory, options);
  const { time, ...own } = changeCpu({ cpu: old.cpu, isQuota: notes.cpuQuota === true }, options, machine);
  const { blockIO, paths } = blockLimits(options);
  // Docker's 0 is no limit, the runtime-spec's none is.
  const pids =
    options.pidsLimit === undefined ? undefined : { limit: options.pidsLimit === 0 ? -1 : options.pidsLimit };
  const changed: Limits = {
    ...(memory !== undefined && { memory }),
    ...((time !== undefined || Object.keys(own).length > 0) && { cpu: { ...time, ...own } }),
    ...(pids !== undefined && { pids }),
    ...(blockIO !== undefined && { blockIO }),
  };
  const cpuQuota = time === undefined ? notes.cpuQuota : !options.cpus;
  const blockDevices = { ...notes.blockDevices, ...paths };
  return {
    limits: {
      ...old,
      ...changed,
      ...(memory !== undefined && { memory: { ...old.memory, ...memory } }),
      ...(changed.cpu !== undefined && { cpu: { ...old.cpu, ...changed.cpu } }),
      ...(blockIO !== undefined && { blockIO: { ...old.blockIO, ...blockIO } }),
    },
    changed,
    notes: {
      ...(cpuQuota !== undefined && { cpuQuota }),
      ...(Object.keys(blockDevices).length > 0 && { blockDevices }),
    },
  };
}
