import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';

/** Shared by all of podman's stores. */
const LOCKS = '/dev/shm/libpod_lock';

export interface Podman {
  /** Runs `podman ...args`, which must succeed; returns stdout. */
  podman(...args: string[]): Promise<string>;
  /** Runs `buildah ...args` on the same images. */
  buildah(...args: string[]): Promise<string>;
  close(): Promise<void>;
}

/** podman and buildah with a store of a test's own in `folder`. Nothing is left running: they have no daemon. */
export function openPodman(folder: string): Podman {
  const hadLocks = existsSync(LOCKS);
  const store = ['--root', join(folder, 'root'), '--runroot', join(folder, 'run'), '--storage-driver', 'vfs'];
  const own = ['--tmpdir', join(folder, 'tmp'), '--events-backend', 'file', '--cgroup-manager', 'cgroupfs'];
  const call = async (program: string, args: string[]) => (await execa(program, args)).stdout;
  return {
    podman: (...args) => call('podman', [...store, ...own, ...args]),
    buildah: (...args) => call('buildah', [...store, ...args]),
    close: async () => {
      await execa('umount', ['--recursive', join(folder, 'root')], { reject: false });
      rmSync(folder, { recursive: true, force: true });
      if (!hadLocks) rmSync(LOCKS, { force: true });
    },
  };
}
