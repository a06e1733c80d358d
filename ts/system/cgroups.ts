import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { MountEntry } from './mountTable.ts';

/** Where control groups are mounted. */
export interface CgroupHierarchy {
  version: 1 | 2;
  path: string;
  controllers: string[];
}

/** Which of the two interfaces carry the controllers: `1+2` when some are in each. */
export type CgroupVersion = '1' | '2' | '1+2' | 'none';

/** The named hierarchies of v1 (`name=systemd`) have no controllers and limit nothing. */
const V1_CONTROLLERS = new Set(
  'cpu cpuacct cpuset memory devices freezer blkio pids hugetlb net_cls net_prio perf_event rdma misc'.split(' '),
);

/** The hierarchies with controllers among the mounts of this machine. */
export function cgroupHierarchies(
  mounts: readonly MountEntry[],
  unifiedControllers: (path: string) => string[] = readControllers,
): CgroupHierarchy[] {
  const found = mounts.flatMap(({ path, type, superOptions }): CgroupHierarchy[] => {
    if (type === 'cgroup2') return [{ version: 2, path, controllers: unifiedControllers(path) }];
    if (type !== 'cgroup') return [];
    return [{ version: 1, path, controllers: superOptions.filter((option) => V1_CONTROLLERS.has(option)) }];
  });
  return found.filter(({ version, controllers }) => version === 2 || controllers.length > 0);
}

export function cgroupVersion(hierarchies: readonly CgroupHierarchy[]): CgroupVersion {
  const has = (wanted: 1 | 2) =>
    hierarchies.some(({ version, controllers }) => version === wanted && controllers.length > 0);
  if (has(1)) return has(2) ? '1+2' : '1';
  return hierarchies.length > 0 ? '2' : 'none';
}

/** A hierarchy that cannot be read offers nothing. */
export function readControllers(path: string): string[] {
  try {
    return readFileSync(join(path, 'cgroup.controllers'), 'utf8')
      .split(/\s+/)
      .filter((name) => name !== '');
  } catch {
    return [];
  }
}
