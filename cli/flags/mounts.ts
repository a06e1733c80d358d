import { type Command, InvalidArgumentError } from 'commander';
import { parseMount } from '../../ts/container/mounts/mountFlag.ts';
import { parseTmpfs } from '../../ts/container/mounts/tmpfsFlag.ts';
import { parseVolume } from '../../ts/container/mounts/volumeFlag.ts';
import type { ContainerMount, ContainerOptions } from '../../ts/container/options.ts';
import { collect } from './values.ts';

/** What is mounted in the container, its root among it. */
export interface MountFlags {
  volume?: ContainerMount[];
  mount?: ContainerMount[];
  tmpfs?: ContainerMount[];
  volumesFrom?: string[];
  readOnly?: true;
  pivot: boolean;
}

export function addMountFlags(command: Command): void {
  command
    .option(
      '-v, --volume <source:target[:ro]>',
      'mount a host path or a volume, or /path for a new volume',
      collect(parseVolume, InvalidArgumentError),
    )
    .option(
      '--mount <key=value,...>',
      'type=volume|bind|tmpfs|image,source=…,target=…[,readonly,…]',
      collect(parseMount, InvalidArgumentError),
    )
    .option(
      '--volumes-from <container[:ro]>',
      'mount what another container has mounted',
      collect(String, InvalidArgumentError),
    )
    .option('--tmpfs <target[:options]>', 'mount a tmpfs', collect(parseTmpfs, InvalidArgumentError))
    .option('--read-only', 'mount the root filesystem read-only')
    .option('--no-pivot', 'move the root and chroot instead of pivot_root');
}

export function mountOptions(flags: MountFlags): ContainerOptions {
  return {
    mounts: [...(flags.volume ?? []), ...(flags.mount ?? []), ...(flags.tmpfs ?? [])],
    volumesFrom: flags.volumesFrom,
    readOnly: flags.readOnly,
    noPivot: !flags.pivot,
  };
}
