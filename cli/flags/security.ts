import { type Command, InvalidArgumentError } from 'commander';
import type { ContainerOptions } from '../../ts/container/options.ts';
import { collect } from './values.ts';

/** What the container may do. */
export interface SecurityFlags {
  capAdd?: string[];
  capDrop?: string[];
  securityOpt?: string[];
  privileged?: true;
}

export function addSecurityFlags(command: Command): void {
  const list = collect(String, InvalidArgumentError);
  command
    .option('--cap-add <capability>', 'add a capability, or ALL', list)
    .option('--cap-drop <capability>', 'drop a capability, or ALL', list)
    .option(
      '--security-opt <option>',
      'seccomp=FILE|unconfined|builtin, no-new-privileges, apparmor=PROFILE|unconfined, label=disable|type:TYPE, systempaths=unconfined',
      list,
    )
    .option('--privileged', 'all capabilities, all devices, no filter for system calls, no protected paths');
}

export function securityOptions({ capAdd, capDrop, securityOpt, privileged }: SecurityFlags): ContainerOptions {
  return { capAdd, capDrop, securityOpt, privileged };
}
