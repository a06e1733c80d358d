import type { ContainerMount } from '../options.ts';
import type { Confinement } from '../security/confinement.ts';
import type { SpecInput } from './build.ts';
import { KERNEL_MOUNTS } from './defaults.ts';
import { refuseOverProc } from './overProc.ts';
import type { SpecMount } from './types.ts';

/**
 * The kernel's mounts, rcx's three files, then the user's, which may cover any of them; but `/proc`, which is there in any case.
 * @throws ERR_RCX_INVALID_MOUNT
 */
export function specMounts({ folder, options }: SpecInput, { privileged }: Confinement): SpecMount[] {
  const wanted = options.mounts ?? [];
  wanted.forEach(refuseOverProc);
  const covered = new Set(wanted.map((mount) => mount.target));
  const files = ['hosts', 'hostname', 'resolv.conf'].map(
    (name): SpecMount => ({
      destination: `/etc/${name}`,
      type: 'bind',
      source: `${folder}/${name}`,
      options: ['rbind'],
    }),
  );
  return [
    ...KERNEL_MOUNTS.filter(({ destination }) => destination === '/proc' || !covered.has(destination)).map(
      privileged ? writable : kept,
    ),
    ...files.filter((mount) => !covered.has(mount.destination)),
    ...wanted.map(specMount),
  ];
}

const kept = (mount: SpecMount) => mount;

function writable(mount: SpecMount): SpecMount {
  return { ...mount, options: mount.options.filter((option) => option !== 'ro') };
}

function specMount(mount: ContainerMount): SpecMount {
  const source = mount.type === 'tmpfs' ? 'tmpfs' : mount.source;
  return {
    destination: mount.target,
    type: mount.type,
    ...(source === undefined ? {} : { source }),
    options: mount.options,
  };
}
