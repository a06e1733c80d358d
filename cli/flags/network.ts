import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ContainerOptions, NetworkMode } from '../../ts/container/options.ts';
import { collect } from './values.ts';

export interface NetworkFlags {
  hostname?: string;
  network?: NetworkMode;
  addHost?: string[];
  dns?: string[];
}

export function addNetworkFlags(command: Command): void {
  const list = collect(String, InvalidArgumentError);
  command
    .option('-h, --hostname <name>', 'hostname of the container')
    .addOption(
      new Option('--network <mode>', 'none: loopback only; host: the host’s network').choices(['none', 'host']),
    )
    .option('--add-host <name:address>', 'line for /etc/hosts', list)
    .option('--dns <address>', 'name server', list);
}

export function networkOptions({ hostname, network, addHost, dns }: NetworkFlags): ContainerOptions {
  return { hostname, network, addHosts: addHost, dns };
}
