import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { InterfaceExtras } from '../container/spec/types.ts';
import type { StorePaths } from '../store/paths.ts';
import { parseAddress } from './ipv4.ts';
import type { ContainerNetwork } from './membership.ts';
import { bridgeName, type Network, subnet6Of } from './record.ts';

/** How one of a container's devices is made. */
export interface InterfaceChoices {
  container: string;
  /** Number in its name. */
  index: number;
  /** What the container is called in the network; its name is added when it has one. */
  names: readonly string[];
  /** It may send what carries other addresses than its own. */
  mayRoute: boolean;
}

/** A device of a container, for the core. */
export function interfaceOf(
  { run }: Pick<StorePaths, 'run'>,
  network: Network,
  own: ContainerNetwork,
  { container, index, names, mayRoute }: InterfaceChoices,
): InterfaceExtras {
  const { ipv6 } = own;
  const prefix6 = subnet6Of(network)?.prefix;
  const mtu = network.mtu ?? (network.internal ? undefined : uplinkMtu());
  return {
    name: `eth${index}`,
    hostName: `rcx${container.slice(0, 8)}e${index}`,
    mac: own.mac,
    ...(mtu !== undefined && { mtu }),
    addresses: [`${own.address}/${own.prefix}`, ...(ipv6 === undefined ? [] : [`${ipv6.address}/${ipv6.prefix}`])],
    ...(mayRoute && { mayRoute }),
    network: network.name,
    names: [...new Set([container.slice(0, 12), ...(own.aliases ?? []), ...names])],
    folder: namesFolder(run, network),
    bridge: {
      name: bridgeName(network),
      mac: macOf(network.gateway),
      addresses: [
        `${network.gateway}/${own.prefix}`,
        ...(network.ipv6 === undefined ? [] : [`${network.ipv6.gateway}/${prefix6}`]),
      ],
      internal: network.internal,
    },
  };
}

/** Where the names of a network's containers are, as long as they run. */
export function namesFolder(run: string, { id }: Pick<Network, 'id'>): string {
  return join(run, 'networks', id);
}

/** As Docker's: locally administered, and as different from others as the address is. */
export function macOf(address: string): string {
  const number = parseAddress(address) ?? 0;
  const bytes = [24, 16, 8, 0].map((bits) => Math.floor(number / 2 ** bits) % 256);
  return [0x02, 0x42, ...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

const ETHERNET = 1500;

/** That of the device that leads out of the machine where it is smaller than usual: larger packets would be lost there. */
function uplinkMtu(): number | undefined {
  try {
    const routes = readFileSync('/proc/net/route', 'utf8')
      .split('\n')
      .map((line) => line.split('\t'));
    const device = routes.find(
      ([, destination, , , , , , mask]) => destination === '00000000' && mask === '00000000',
    )?.[0];
    if (device === undefined) return undefined;
    const mtu = Number(readFileSync(`/sys/class/net/${device}/mtu`, 'utf8'));
    return mtu > 0 && mtu < ETHERNET ? mtu : undefined;
  } catch {
    // A machine without IPv4, or a device that has just gone: the kernel's default is as good.
    return undefined;
  }
}
