import { join } from 'node:path';
import { fs } from 'zx';
import { shCleanUp } from '../processes.mjs';
import { CGROUP_PARENT, findCgroups, removeCgroupParent, removeTree } from './cgroups.mjs';

/** podman's defaults raise the limits, which root may not do in every container or virtual machine; lowering is always allowed. */
export const PODMAN_LIMITS = ['--ulimit', 'nofile=1024:1024', '--ulimit', 'nproc=4096:4096'];

/** The words that a podman command begins with: images in `store`, state in `home`. */
export function podmanWords(runc, store, home) {
  return [
    ...['podman', '--root', store, '--runroot', join(home, 'run'), '--tmpdir', join(home, 'tmp')],
    ...['--storage-driver', 'overlay', '--cgroup-manager', 'cgroupfs', '--events-backend', 'file'],
    ...['--runtime', runc],
  ];
}

const LOCKS = '/dev/shm/libpod_lock';
/** Of the conmons of containers in the background, whatever parent these have. */
const CONMON_PARENT = '/libpod_parent';

/**
 * podman with a store of this run's own: images on `disk`, state in `dir`; runc as its runtime, because Debian's crun
 * refuses a hybrid cgroup hierarchy and because it is the runtime of the other subjects too.
 * @returns {Promise<{ podman: string[], runFlags: string[] }>} the words a podman command begins with, and those after `run`
 */
export async function preparePodman(scope, { disk, dir }) {
  const home = join(dir, 'podman');
  await fs.ensureDir(home);
  if (!(await fs.pathExists(LOCKS))) scope.defer(`remove ${LOCKS}`, () => fs.remove(LOCKS));
  const present = new Set(await findCgroups(CONMON_PARENT));
  scope.defer('remove cgroups of conmon', async () => {
    for (const group of await findCgroups(CONMON_PARENT)) if (!present.has(group)) await removeTree(group);
  });
  scope.defer('remove cgroups', removeCgroupParent);
  // After containers in the background its store stays mounted upon itself.
  scope.defer('unmount its store', () => shCleanUp({ nothrow: true })`umount ${join(disk, 'podman/overlay')}`);
  const runc = (await shCleanUp`command -v runc`).stdout.trim();
  const podman = [...podmanWords(runc, join(disk, 'podman'), home), '--runtime-flag', `root=${join(home, 'runc')}`];
  return { podman, runFlags: [...PODMAN_LIMITS, '--cgroup-parent', CGROUP_PARENT] };
}
