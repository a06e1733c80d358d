import { join } from 'node:path';
import { fs, glob } from 'zx';

/** A parent cgroup of this run's own, so that what the engines leave in the hierarchies can be told from others' and removed. */
export const CGROUP_PARENT = `/rcx-bench-${process.pid}`;

/** Removes that parent in every hierarchy. */
export async function removeCgroupParent() {
  for (const parent of await findCgroups(CGROUP_PARENT)) await removeTree(parent);
}

/** A cgroup of one path in every hierarchy: v2, v1 controllers, or both on a hybrid machine. */
export function findCgroups(path) {
  return glob([`/sys/fs/cgroup${path}`, `/sys/fs/cgroup/*${path}`], { onlyDirectories: true });
}

/** cgroupfs knows only rmdir of a group without children; its files go with it. What is busy is another subject's, who removes it. */
export async function removeTree(group) {
  for (const entry of await fs.readdir(group, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeTree(join(group, entry.name));
  }
  await fs.rmdir(group).catch((error) => {
    if (error.code !== 'EBUSY') throw error;
  });
}
