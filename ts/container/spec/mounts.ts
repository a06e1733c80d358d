import { otherContainer } from '../namespaceModes.ts';
import type { ContainerOptions } from '../options.ts';
import type { Confinement } from '../security/confinement.ts';
import type { SpecInput } from './build.ts';
import { HOST_SHM, KERNEL_MOUNTS, SHM } from './defaults.ts';
import type { SpecMount } from './types.ts';

/** The kernel's mounts and rcx's three files. */
export function specMounts(
  { folder, networkFolder = folder, options }: SpecInput,
  { privileged }: Confinement,
): SpecMount[] {
  const files = ['hosts', 'hostname', 'resolv.conf'].map(
    (name): SpecMount => ({
      destination: `/etc/${name}`,
      type: 'bind',
      source: `${networkFolder}/${name}`,
      // Docker's, too, are part of what --read-only protects.
      options: options.readOnly ? ['rbind', 'ro'] : ['rbind'],
    }),
  );
  return [...kernelMounts(options).map(privileged ? writable : kept), ...files];
}

const kept = (mount: SpecMount) => mount;

function writable(mount: SpecMount): SpecMount {
  return { ...mount, options: mount.options.filter((option) => option !== 'ro') };
}

/** `/dev/shm` goes with the IPC namespace; that of another container comes with it in the core. */
function kernelMounts({ ipc, shmSize }: ContainerOptions): SpecMount[] {
  if (ipc === 'host') return KERNEL_MOUNTS.map((mount) => (mount.source === SHM ? HOST_SHM : mount));
  if (ipc === 'none' || otherContainer(ipc) !== undefined) return KERNEL_MOUNTS.filter(({ source }) => source !== SHM);
  return KERNEL_MOUNTS.map((mount) => sized(mount, shmSize));
}

function sized(mount: SpecMount, shmSize: number | undefined): SpecMount {
  if (mount.source !== SHM || shmSize === undefined) return mount;
  const rest = mount.options.filter((option) => !option.startsWith('size='));
  return { ...mount, options: [...rest, `size=${shmSize}`] };
}

/** Those, then the user's, which may cover any of them; but `/proc`, which is there in any case. */
export function withUserMounts(own: readonly SpecMount[], wanted: readonly SpecMount[]): SpecMount[] {
  const covered = new Set(wanted.map(({ destination }) => destination));
  return [...own.filter(({ destination }) => destination === '/proc' || !covered.has(destination)), ...wanted];
}
