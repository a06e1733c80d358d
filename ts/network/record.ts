import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RcxError } from '../errors.ts';
import { toRcxError } from '../store/nativeError.ts';
import { parseAddress, parseSubnet, type Subnet } from './ipv4.ts';
import { parseAddress6, parseSubnet6, type Subnet6 } from './ipv6.ts';

/** What is known of a network: `network.json` of its folder. */
export interface NetworkRecord {
  id: string;
  name: string;
  /** ISO 8601. */
  created: string;
  /** `172.18.0.0/16`. */
  subnet: string;
  /** The machine's own address in it. */
  gateway: string;
  /** `fd00:1::/64`, with the machine's address in it; absent where there is only IPv4. */
  ipv6?: { subnet: string; gateway: string };
  /** Nothing leads out of it. */
  internal: boolean;
  /** Largest packet in bytes; absent for that of the device that leads out of the machine. */
  mtu?: number;
  labels: Record<string, string>;
}

/** A network of the store. */
export interface Network extends NetworkRecord {
  folder: string;
}

export const RECORD = 'network.json';
/** In a network's folder: held shared by whoever makes a container in it, alone by whoever removes it. */
export const LOCK = 'lock';
/** In a network's folder: a link for each address that is given out. */
export const ADDRESSES = 'addresses';

/**
 * The network in a folder; `undefined` where there is none.
 * @throws ERR_RCX_NETWORK_DAMAGED
 */
export function readNetwork(folder: string, name: string): Network | undefined {
  const path = join(folder, RECORD);
  try {
    const value: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (isRecord(value) && value.name === name) return { ...value, folder };
    throw new Error('it is not what rcx writes there');
  } catch (cause) {
    const { errno, message } = toRcxError(cause, 'ERR_RCX_STORE');
    if (errno === 'ENOENT' || errno === 'ENOTDIR') return undefined;
    const step = "read the network's record";
    const hint = `remove its folder if no container is in it: ${folder}`;
    throw new RcxError(`${step}: ${path}: ${message}`, { code: 'ERR_RCX_NETWORK_DAMAGED', step, path, hint, cause });
  }
}

/** The subnet of a record that was read. */
export function subnetOf({ subnet }: Pick<NetworkRecord, 'subnet'>): Subnet {
  return parseSubnet(subnet) ?? { base: 0, prefix: 32 };
}

/** Its IPv6 subnet, if it has one. */
export function subnet6Of({ ipv6 }: Pick<NetworkRecord, 'ipv6'>): Subnet6 | undefined {
  return ipv6 && parseSubnet6(ipv6.subnet);
}

/** Name of its bridge: no other device of the machine has it, as long as ids are random. */
export function bridgeName({ id }: Pick<NetworkRecord, 'id'>): string {
  return `rcx-${id.slice(0, 11)}`;
}

function isRecord(value: unknown): value is NetworkRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { id, name, created, subnet, gateway, labels, ipv6 } = value as Record<string, unknown>;
  const texts = [id, name, created, subnet, gateway].every((text) => typeof text === 'string');
  return (
    texts &&
    typeof labels === 'object' &&
    parseSubnet(subnet as string) !== undefined &&
    parseAddress(gateway as string) !== undefined &&
    (ipv6 === undefined || isIpv6(ipv6))
  );
}

function isIpv6(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  const { subnet, gateway } = value as Record<string, unknown>;
  if (typeof subnet !== 'string' || typeof gateway !== 'string') return false;
  return parseSubnet6(subnet) !== undefined && parseAddress6(gateway) !== undefined;
}
