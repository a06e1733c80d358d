import { type Command, InvalidArgumentError } from 'commander';
import { parseCgroupnsMode, parseIpcMode, parsePidMode, parseUtsMode } from '../../ts/container/namespaceModes.ts';
import type { ContainerOptions, NamespaceOptions } from '../../ts/container/options.ts';
import { checked } from './values.ts';

/** Where the container's namespaces come from. */
export type NamespaceFlags = NamespaceOptions;

export function addNamespaceFlags(command: Command): void {
  const mode = <T>(parse: (text: string) => T) => checked(parse, InvalidArgumentError);
  command
    .option('--ipc <mode>', 'private, shareable, none, host or container:NAME', mode(parseIpcMode))
    .option('--pid <mode>', 'private, host or container:NAME', mode(parsePidMode))
    .option('--uts <mode>', 'private or host', mode(parseUtsMode))
    .option('--cgroupns <mode>', 'private or host', mode(parseCgroupnsMode));
}

export function namespaceOptions({ ipc, pid, uts, cgroupns }: NamespaceFlags): ContainerOptions {
  return { ipc, pid, uts, cgroupns };
}
