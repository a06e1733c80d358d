import { readFileSync } from 'node:fs';
import { RcxError } from '../errors.ts';
import { formatSubnet, overlap, parseSubnet, type Subnet } from './ipv4.ts';
import { formatSubnet6, overlap6, randomSubnet6, type Subnet6 } from './ipv6.ts';

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

/** A subnet that neither a network has nor this machine reaches by one of its routes. */
export function freeSubnet6(taken: readonly Subnet6[], routes: readonly Subnet6[] = hostRoutes6()): Subnet6 {
  for (;;) {
    const candidate = randomSubnet6();
    if (![...taken, ...routes].some((other) => overlap6(candidate, other))) return candidate;
  }
}

/** Refuses a subnet that a network has, or that this machine reaches by a route. @throws ERR_RCX_NETWORK */
export function requireFree(
  wanted: Subnet,
  taken: readonly { name: string; subnet: Subnet }[],
  routes: readonly Subnet[] = hostRoutes(),
): void {
  const network = taken.find((other) => overlap(wanted, other.subnet));
  const route = routes.find((other) => overlap(wanted, other));
  refuseOverlap(formatSubnet(wanted), network?.name, route && formatSubnet(route));
}

/** As {@link requireFree}. @throws ERR_RCX_NETWORK */
export function requireFree6(
  wanted: Subnet6,
  taken: readonly { name: string; subnet: Subnet6 }[],
  routes: readonly Subnet6[] = hostRoutes6(),
): void {
  const network = taken.find((other) => overlap6(wanted, other.subnet));
  const route = routes.find((other) => overlap6(wanted, other));
  refuseOverlap(formatSubnet6(wanted), network?.name, route && formatSubnet6(route));
}

function refuseOverlap(wanted: string, network: string | undefined, route: string | undefined): void {
  const owner = network === undefined ? route && `this machine's route to ${route}` : `the network ${network}`;
  if (owner === undefined) return;
  const step = 'take the subnet';
  throw new RcxError(`${step}: ${wanted}: Pool overlaps with other one on this address space: ${owner}`, {
    code: 'ERR_RCX_NETWORK',
    step,
    path: wanted,
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

/** As {@link hostRoutes}, without those of single addresses and of the loopback device (proc_net_ipv6_route). */
export function hostRoutes6(text = readText('/proc/net/ipv6_route')): Subnet6[] {
  return text.split('\n').flatMap((line) => {
    const [destination = '', length = '', , , , , , , , device] = line.split(/\s+/);
    const prefix = Number.parseInt(length, 16);
    if (!/^[0-9a-f]{32}$/.test(destination) || !(prefix > 0 && prefix < 128) || device === 'lo') return [];
    const base = BigInt(`0x${destination}`);
    // Every device has these two of its own.
    const isEverywhere = base >> 118n === 0x3fan || base >> 120n === 0xffn;
    return isEverywhere ? [] : [{ base, prefix }];
  });
}

/** A machine without IPv6 has no such file. */
function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return '';
    throw error;
  }
}

/** The kernel prints the word as the processor has it: little-endian on every machine that rcx runs on. */
function inNetworkOrder(hex: string): number {
  return Buffer.from(hex, 'hex').readUInt32LE();
}
