import { type Command, InvalidArgumentError } from 'commander';
import type { ContainerOptions } from '../../ts/container/options.ts';
import { type IdMapping, parseIdMapping } from '../../ts/container/userns/mapping.ts';
import { collect } from './values.ts';

/** Which ids the container's ids are on the host. */
export interface UserNamespaceFlags {
  userns?: string;
  uidmap?: IdMapping[];
  gidmap?: IdMapping[];
}

export function addUserNamespaceFlags(command: Command): void {
  const mapping = collect(parseIdMapping, InvalidArgumentError);
  command
    .option('--userns <mode>', 'user namespace: host, auto[:size=N], or the first host id[:N]')
    .option('--uidmap <container:host:size>', 'user ids of the container and what they are on the host', mapping)
    .option('--gidmap <container:host:size>', 'the same for group ids', mapping);
}

export function userNamespaceOptions({ userns, uidmap, gidmap }: UserNamespaceFlags): ContainerOptions {
  return { userns, uidMap: uidmap, gidMap: gidmap };
}
