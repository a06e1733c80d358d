import { type Command, InvalidArgumentError } from 'commander';
import { parseDeviceRate, parseDeviceSpeed, parseDeviceWeight } from '../../ts/container/limits/deviceFlags.ts';
import type { DeviceLimit } from '../../ts/container/limits/options.ts';
import type { ContainerOptions } from '../../ts/container/options.ts';
import { addLimitFlags, type LimitFlags, limitOptions } from './limits.ts';
import { collect, count } from './values.ts';

/** Limits of the container's cgroup, and where that is. */
export interface ResourceFlags extends LimitFlags {
  memorySwappiness?: number;
  blkioWeightDevice?: DeviceLimit[];
  deviceReadBps?: DeviceLimit[];
  deviceWriteBps?: DeviceLimit[];
  deviceReadIops?: DeviceLimit[];
  deviceWriteIops?: DeviceLimit[];
  cgroupParent?: string;
}

export function addResourceFlags(command: Command): void {
  addLimitFlags(command);
  const speed = collect(parseDeviceSpeed, InvalidArgumentError);
  const rate = collect(parseDeviceRate, InvalidArgumentError);
  command
    .option('--memory-swappiness <number>', 'how eagerly its memory is swapped out, 0 to 100; cgroup v1', swappiness)
    .option(
      '--blkio-weight-device <path:weight>',
      'the same of one disk',
      collect(parseDeviceWeight, InvalidArgumentError),
    )
    .option('--device-read-bps <path:rate>', 'bytes of a second read from a disk, also with k, m, g', speed)
    .option('--device-write-bps <path:rate>', 'bytes of a second written to a disk', speed)
    .option('--device-read-iops <path:number>', 'reads of a second from a disk', rate)
    .option('--device-write-iops <path:number>', 'writes of a second to a disk', rate)
    .option('--cgroup-parent <path>', 'cgroup that the container’s own is made in');
}

export function resourceOptions(flags: ResourceFlags): ContainerOptions {
  const { memorySwappiness, deviceReadBps, deviceWriteBps, deviceReadIops, deviceWriteIops, cgroupParent } = flags;
  return {
    ...limitOptions(flags),
    ...{ memorySwappiness, deviceReadBps, deviceWriteBps, deviceReadIops, deviceWriteIops, cgroupParent },
    blkioWeightDevices: flags.blkioWeightDevice,
  };
}

/** Docker's -1 is that of the machine. */
function swappiness(text: string): number | undefined {
  if (text === '-1') return undefined;
  const number = count(text, InvalidArgumentError);
  if (number > 100) throw new InvalidArgumentError('it is from 0 to 100.');
  return number;
}
