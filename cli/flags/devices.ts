import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseDevice, parseDeviceRule } from '../../ts/container/deviceFlags.ts';
import type { ContainerDevice, ContainerOptions } from '../../ts/container/options.ts';
import { collect } from './values.ts';

/** Devices of the host in the container. */
export interface DeviceFlags {
  device?: ContainerDevice[];
  deviceCgroupRule?: string[];
}

export function addDeviceFlags(command: Command): void {
  command
    .option('--device <path[:path][:rwm]>', 'device of the host', collect(parseDevice, InvalidArgumentError))
    .option(
      '--device-cgroup-rule <rule>',
      'devices that may be used, e.g. "c 1:3 rwm"',
      collect(parseDeviceRule, InvalidArgumentError),
    )
    .addOption(
      new Option('--gpus <request>', 'not there: give the devices one by one').argParser(refuseGpus).hideHelp(),
    );
}

export function deviceOptions({ device, deviceCgroupRule }: DeviceFlags): ContainerOptions {
  return { devices: device, deviceRules: deviceCgroupRule };
}

/** A driver would have to put libraries of the host into the container. */
function refuseGpus(): never {
  throw new InvalidArgumentError('there is no driver for GPUs here. give their devices one by one with --device');
}
