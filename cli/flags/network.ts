import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseNetworkMode } from '../../ts/container/namespaceModes.ts';
import type { ContainerOptions, NetworkMode } from '../../ts/container/options.ts';
import { checked, collect } from './values.ts';

export interface NetworkFlags {
  hostname?: string;
  domainname?: string;
  network?: NetworkMode;
  net?: NetworkMode;
  ip?: string;
  addHost?: string[];
  dns?: string[];
}

export function addNetworkFlags(command: Command): void {
  const list = collect(String, InvalidArgumentError);
  const mode = checked(parseNetworkMode, InvalidArgumentError);
  command
    .option('-h, --hostname <name>', 'hostname of the container')
    .option('--domainname <name>', 'NIS domain name of the container')
    .option('--network <mode>', 'none: loopback only; host: the host’s network; container:NAME; or a network', mode)
    .addOption(new Option('--net <mode>', 'the same as --network').argParser(mode).hideHelp())
    .option('--ip <address>', 'address in the network')
    .option('--add-host <name:address>', 'line for /etc/hosts', list)
    .option('--dns <address>', 'name server', list);
}

export function networkOptions({
  hostname,
  domainname,
  net,
  network = net,
  ip,
  addHost,
  dns,
}: NetworkFlags): ContainerOptions {
  return { hostname, domainname, network, ip, addHosts: addHost, dns };
}
