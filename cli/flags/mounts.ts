import { type Command, InvalidArgumentError } from 'commander';
import { parseMount, parseTmpfs, parseVolume } from '../../ts/container/mountFlags.ts';
import type { ContainerMount, ContainerOptions } from '../../ts/container/options.ts';
import { collect } from './values.ts';

/** What is mounted in the container, its root among it. */
export interface MountFlags {
  volume?: ContainerMount[];
  mount?: ContainerMount[];
  tmpfs?: ContainerMount[];
  readOnly?: true;
  pivot: boolean;
}

export function addMountFlags(command: Command): void {
  command
    .option('-v, --volume <source:target[:ro]>', 'bind a host path', collect(parseVolume, InvalidArgumentError))
    .option(
      '--mount <key=value,...>',
      'type=bind,source=…,target=…[,readonly] or type=tmpfs,target=…',
      collect(parseMount, InvalidArgumentError),
    )
    .option('--tmpfs <target[:options]>', 'mount a tmpfs', collect(parseTmpfs, InvalidArgumentError))
    .option('--read-only', 'mount the root filesystem read-only')
    .option('--no-pivot', 'move the root and chroot instead of pivot_root');
}

export function mountOptions(flags: MountFlags): ContainerOptions {
  return {
    mounts: [...(flags.volume ?? []), ...(flags.mount ?? []), ...(flags.tmpfs ?? [])],
    readOnly: flags.readOnly,
    noPivot: !flags.pivot,
  };
}
