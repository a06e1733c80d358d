import { join } from 'node:path';
import { fs, glob } from 'zx';

/** A parent cgroup of this run's own, so that what the engines leave in the hierarchies can be told from others' and removed. */
export const CGROUP_PARENT = `/rcx-bench-${process.pid}`;

/** Removes the parent cgroup in every hierarchy: v2, v1 controllers, or both on a hybrid machine. */
export async function removeCgroupParent() {
  for (const parent of await glob([`/sys/fs/cgroup${CGROUP_PARENT}`, `/sys/fs/cgroup/*${CGROUP_PARENT}`], {
    onlyDirectories: true,
  })) {
    await removeTree(parent);
  }
}

/** cgroupfs knows only rmdir of a group without children; its files go with it. What is busy is another subject's, who removes it. */
async function removeTree(group) {
  for (const entry of await fs.readdir(group, { withFileTypes: true })) {
    if (entry.isDirectory()) await removeTree(join(group, entry.name));
  }
  await fs.rmdir(group).catch((error) => {
    if (error.code !== 'EBUSY') throw error;
  });
}
