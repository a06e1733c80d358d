import { type Command, InvalidArgumentError, Option } from 'commander';
import { parseNetworkFlag } from '../../ts/container/networkFlag.ts';
import type { ContainerOptions } from '../../ts/container/options.ts';
import { type PortRequest, parsePublish } from '../../ts/container/publish.ts';
import type { Endpoint } from '../../ts/network/attachments.ts';
import { collect } from './values.ts';

export interface NetworkFlags {
  hostname?: string;
  domainname?: string;
  network?: Endpoint[];
  net?: Endpoint[];
  networkAlias?: string[];
  netAlias?: string[];
  ip?: string;
  ip6?: string;
  macAddress?: string;
  publish?: PortRequest[];
  publishAll?: true;
  addHost?: string[];
  dns?: string[];
  dnsSearch?: string[];
  dnsOption?: string[];
  dnsOpt?: string[];
}

export function addNetworkFlags(command: Command): void {
  const list = collect(String, InvalidArgumentError);
  const endpoint = collect(parseNetworkFlag, InvalidArgumentError);
  const hidden = (flags: string, like: string) => new Option(flags, `the same as ${like}`).argParser(list).hideHelp();
  command
    .option('-h, --hostname <name>', 'hostname of the container')
    .option('--domainname <name>', 'NIS domain name of the container')
    .option(
      '--network <mode>',
      'none: loopback only; host: the host’s; container:NAME; ns:PATH; or networks, bridge when there is no other',
      endpoint,
    )
    .addOption(new Option('--net <mode>', 'the same as --network').argParser(endpoint).hideHelp())
    .option('--network-alias <name>', 'other name in the network', list)
    .addOption(hidden('--net-alias <name>', '--network-alias'))
    .option('--ip <address>', 'address in the network')
    .option('--ip6 <address>', 'IPv6 address in the network')
    .option('--mac-address <address>', 'of the device in the network')
    .option(
      '-p, --publish <[ip:][port:]port[/protocol]>',
      'port of this machine that leads to one of the container',
      collect(parsePublish, InvalidArgumentError),
    )
    .option('-P, --publish-all', 'publish all ports that the image exposes, at free ones')
    .option('--add-host <name:address>', 'line for /etc/hosts; host-gateway stands for this machine', list)
    .option('--dns <address>', 'name server', list)
    .option('--dns-search <domain>', 'domain that names are looked for in', list)
    .option('--dns-option <option>', 'option of resolv.conf', list)
    .addOption(hidden('--dns-opt <option>', '--dns-option'));
}

export function networkOptions({ net, network = net, ...flags }: NetworkFlags): ContainerOptions {
  const [first, ...moreNetworks] = network ?? [];
  return {
    hostname: flags.hostname,
    domainname: flags.domainname,
    network: first?.network,
    ip: flags.ip ?? first?.ip,
    ip6: flags.ip6 ?? first?.ip6,
    macAddress: flags.macAddress ?? first?.mac,
    networkAliases: joined(first?.aliases, flags.networkAlias, flags.netAlias),
    ...(moreNetworks.length > 0 && { moreNetworks }),
    ports: flags.publish,
    publishAll: flags.publishAll,
    addHosts: flags.addHost,
    dns: flags.dns,
    dnsSearch: flags.dnsSearch,
    dnsOptions: joined(flags.dnsOption, flags.dnsOpt),
  };
}

function joined(...lists: readonly (string[] | undefined)[]): string[] | undefined {
  const all = lists.flatMap((list) => list ?? []);
  return all.length > 0 ? all : undefined;
}
