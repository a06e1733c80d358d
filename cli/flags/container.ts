import { type Command, Option } from 'commander';
import type { ContainerOptions } from '../../ts/container/options.ts';
import { addDeviceFlags, type DeviceFlags, deviceOptions } from './devices.ts';
import { addFixedFlags, type FixedFlags, fixedOptions } from './fixed.ts';
import { addHealthFlags, type HealthFlags, healthcheckOf } from './health.ts';
import { addKernelFlags, type KernelFlags, kernelOptions } from './kernel.ts';
import { addLifeFlags, type LifeFlags, lifeOptions } from './life.ts';
import { addMetadataFlags, type MetadataFlags, metadataOptions } from './metadata.ts';
import { addMountFlags, type MountFlags, mountOptions } from './mounts.ts';
import { addNamespaceFlags, type NamespaceFlags, namespaceOptions } from './namespaces.ts';
import { addNetworkFlags, type NetworkFlags, networkOptions } from './network.ts';
import { addProcessFlags, type ProcessFlags, processOptions } from './process.ts';
import { addResourceFlags, type ResourceFlags, resourceOptions } from './resources.ts';
import { addSecurityFlags, type SecurityFlags, securityOptions } from './security.ts';
import { addStreamFlags, type StreamFlags } from './streams.ts';
import { addUserNamespaceFlags, type UserNamespaceFlags, userNamespaceOptions } from './userns.ts';
import { platform } from './values.ts';

/** Flags of what makes a container. */
export interface ContainerFlags
  extends ProcessFlags,
    MountFlags,
    NetworkFlags,
    ResourceFlags,
    SecurityFlags,
    DeviceFlags,
    KernelFlags,
    MetadataFlags,
    NamespaceFlags,
    StreamFlags,
    FixedFlags,
    LifeFlags,
    HealthFlags,
    UserNamespaceFlags {
  interactive?: true;
  name?: string;
  rootfs?: true;
  platform?: ContainerOptions['platform'];
  pull: 'missing' | 'always' | 'never';
  quiet?: true;
}

/** Adds the flags of `run` and `create`. */
export function withContainerFlags(command: Command): Command {
  command
    .option('-i, --interactive', 'keep stdin open')
    .option('--name <name>', 'name of the container')
    .option('--rootfs', 'the image argument is a directory to use as root')
    .option('--platform <os/arch[/variant]>', 'variant of a multi-platform image', platform)
    .addOption(new Option('--pull <when>', 'when to pull').choices(['missing', 'always', 'never']).default('missing'))
    .option('-q, --quiet', 'do not show the progress of a pull');
  addProcessFlags(command);
  addMountFlags(command);
  addNetworkFlags(command);
  addResourceFlags(command);
  addSecurityFlags(command);
  addDeviceFlags(command);
  addKernelFlags(command);
  addMetadataFlags(command);
  addNamespaceFlags(command);
  addStreamFlags(command);
  addFixedFlags(command);
  addLifeFlags(command);
  addHealthFlags(command);
  addUserNamespaceFlags(command);
  return command;
}

/** The container that the flags ask for. */
export function containerOptions(command: string[], flags: ContainerFlags): ContainerOptions {
  return {
    command,
    name: flags.name,
    platform: flags.platform,
    healthcheck: healthcheckOf(flags),
    ...processOptions(flags),
    ...mountOptions(flags),
    ...networkOptions(flags),
    ...resourceOptions(flags),
    ...securityOptions(flags),
    ...deviceOptions(flags),
    ...kernelOptions(flags),
    ...metadataOptions(flags),
    ...namespaceOptions(flags),
    ...fixedOptions(flags),
    ...lifeOptions(flags),
    ...userNamespaceOptions(flags),
  };
}
