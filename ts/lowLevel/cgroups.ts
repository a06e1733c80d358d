import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { removeCgroup as remove } from '../container/removeCgroup.ts';
import type { SpecResources } from '../container/spec/types.ts';
import { cgroupUsage, type UsageSample } from '../container/usage.ts';
import { native } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { cgroupHierarchies } from '../system/cgroups.ts';
import { mountTable } from '../system/mountTable.ts';

/**
 * What is used in a cgroup, of whichever version.
 * @param path as `linux.cgroupsPath` of the spec has it
 */
export function readCgroup(path: string): Omit<UsageSample, 'network'> {
  const own = cgroupHierarchies(mountTable()).map((each) => ({ ...each, path: join(each.path, path) }));
  return cgroupUsage(own.filter((each) => existsSync(each.path)));
}

/** Changes limits while the container runs. @throws RcxError with ERR_RCX_CGROUP */
export function updateCgroup(path: string, resources: Partial<SpecResources>): void {
  try {
    native().updateCgroup(path, JSON.stringify(resources));
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_CGROUP');
  }
}

/** Has all processes in it stand still, or go on; resolves when it is so. @throws RcxError with ERR_RCX_CGROUP */
export async function freezeCgroup(path: string, frozen: boolean): Promise<void> {
  try {
    await native().freezeCgroup(path, frozen);
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_CGROUP');
  }
}

/** Kills what is left in it and removes it. @throws RcxError with ERR_RCX_CGROUP */
export function removeCgroup(path: string): void {
  remove(path);
}
