import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { processesIn } from '../system/cgroupProcesses.ts';
import { type CgroupHierarchy, cgroupHierarchies } from '../system/cgroups.ts';
import { mountTable } from '../system/mountTable.ts';
import { cgroupOf } from './cgroupPath.ts';
import type { ContainerConfig } from './record.ts';

/** Cgroups of a container, one a hierarchy. It is in those only that it has a limit in, and in that of v2. */
export function containerCgroups(
  config: Pick<ContainerConfig, 'request'>,
  hierarchies: readonly CgroupHierarchy[] = cgroupHierarchies(mountTable()),
): CgroupHierarchy[] {
  const own = hierarchies.map((hierarchy) => ({ ...hierarchy, path: join(hierarchy.path, cgroupOf(config)) }));
  return own.filter(({ path }) => existsSync(path));
}

/** Pids of a container's processes, on the host. */
export function containerPids(cgroups: readonly CgroupHierarchy[]): number[] {
  const pids = new Set(cgroups.flatMap(({ path }) => processesIn(path)).map(Number));
  // What is in another pid namespace than this one is listed as 0.
  pids.delete(0);
  return [...pids].sort((a, b) => a - b);
}
