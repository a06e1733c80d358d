import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { processesIn } from '../system/cgroupProcesses.ts';
import { type CgroupHierarchy, cgroupHierarchies } from '../system/cgroups.ts';
import { mountTable } from '../system/mountTable.ts';
import { cgroupOf } from './cgroupPath.ts';
import type { RunningContainer } from './find.ts';
import type { ContainerConfig } from './record.ts';

/** Cgroups of a container, one a hierarchy. It is in those only that it has a limit in, and in that of v2. */
export function containerCgroups(
  config: Pick<ContainerConfig, 'request'>,
  hierarchies: readonly CgroupHierarchy[] = cgroupHierarchies(mountTable()),
): CgroupHierarchy[] {
  const cgroup = cgroupOf(config);
  if (cgroup === undefined) return [];
  const own = hierarchies.map((hierarchy) => ({ ...hierarchy, path: join(hierarchy.path, cgroup) }));
  return own.filter(({ path }) => existsSync(path));
}

/** Pids of the processes of a container that runs, on the host. */
export function containerPids(container: RunningContainer, cgroups: readonly CgroupHierarchy[]): number[] {
  return cgroupOf(container.config) === undefined ? mountPids(container.process.pid) : cgroupPids(cgroups);
}

/** Those in the mount namespace of its init, which none of them may leave. */
function mountPids(init: number): number[] {
  const namespaceOf = (pid: number | string) => {
    try {
      return readlinkSync(`/proc/${pid}/ns/mnt`);
    } catch {
      // It has ended, or is nobody's who may be looked at.
      return undefined;
    }
  };
  const own = namespaceOf(init);
  const pids = readdirSync('/proc').filter((name) => /^[0-9]+$/.test(name));
  return pids.filter((pid) => own !== undefined && namespaceOf(pid) === own).map(Number);
}

function cgroupPids(cgroups: readonly CgroupHierarchy[]): number[] {
  const pids = new Set(cgroups.flatMap(({ path }) => processesIn(path)).map(Number));
  // What is in another pid namespace than this one is listed as 0.
  pids.delete(0);
  return [...pids].sort((a, b) => a - b);
}
