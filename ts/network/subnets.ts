import { readFileSync } from 'node:fs';
import { RcxError } from '../errors.ts';
import { formatSubnet, overlap, parseSubnet, type Subnet } from './ipv4.ts';

/** Where networks are made that nobody has given a subnet: Docker's pool. */
const POOL: readonly Subnet[] = [
  ...Array.from({ length: 15 }, (_, index) => subnet(`172.${17 + index}.0.0/16`)),
  ...Array.from({ length: 16 }, (_, index) => subnet(`192.168.${16 * index}.0/20`)),
];

function subnet(text: string): Subnet {
  return parseSubnet(text) ?? { base: 0, prefix: 0 };
}

/**
 * The first subnet of the pool that neither a network has nor this machine reaches by one of its routes.
 * @throws ERR_RCX_NETWORK when there is none
 */
export function freeSubnet(taken: readonly Subnet[], routes: readonly Subnet[] = hostRoutes()): Subnet {
  const free = POOL.find((candidate) => ![...taken, ...routes].some((other) => overlap(candidate, other)));
  if (free !== undefined) return free;
  throw new RcxError('find a subnet for the network: networks and routes of this machine have all of the pool', {
    code: 'ERR_RCX_NETWORK',
    step: 'find a subnet for the network',
    hint: 'give one by --subnet, or remove networks with: rcx network rm',
  });
}

/** Refuses a subnet that a network has, or that this machine reaches by a route. @throws ERR_RCX_NETWORK */
export function requireFree(
  wanted: Subnet,
  taken: readonly { name: string; subnet: Subnet }[],
  routes: readonly Subnet[] = hostRoutes(),
): void {
  const network = taken.find((other) => overlap(wanted, other.subnet));
  const route = routes.find((other) => overlap(wanted, other));
  const owner =
    network === undefined ? route && `this machine's route to ${formatSubnet(route)}` : `the network ${network.name}`;
  if (owner === undefined) return;
  const step = 'take the subnet';
  throw new RcxError(`${step}: ${formatSubnet(wanted)}: Pool overlaps with other one on this address space: ${owner}`, {
    code: 'ERR_RCX_NETWORK',
    step,
    path: formatSubnet(wanted),
    hint: 'choose another --subnet, or leave it out',
  });
}

/** Destinations of the machine's routes but the default one, which leads everywhere (proc_net_route: hexadecimal, in host order). */
export function hostRoutes(text = readFileSync('/proc/net/route', 'utf8')): Subnet[] {
  return text
    .split('\n')
    .slice(1)
    .flatMap((line) => {
      const [, destination = '', , , , , , mask = ''] = line.split('\t');
      if (!/^[0-9A-F]{8}$/.test(destination) || mask === '00000000') return [];
      const base = inNetworkOrder(destination);
      const prefix = inNetworkOrder(mask).toString(2).replaceAll('0', '').length;
      return [{ base, prefix }];
    });
}

/** The kernel prints the word as the processor has it: little-endian on every machine that rcx runs on. */
function inNetworkOrder(hex: string): number {
  return Buffer.from(hex, 'hex').readUInt32LE();
}
