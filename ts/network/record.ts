import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { RcxError } from '../errors.ts';
import { toRcxError } from '../store/nativeError.ts';
import { parseAddress, parseSubnet, type Subnet } from './ipv4.ts';

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
  /** Nothing leads out of it. */
  internal: boolean;
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

/** Name of its bridge: no other device of the machine has it, as long as ids are random. */
export function bridgeName({ id }: Pick<NetworkRecord, 'id'>): string {
  return `rcx-${id.slice(0, 11)}`;
}

function isRecord(value: unknown): value is NetworkRecord {
  if (typeof value !== 'object' || value === null) return false;
  const { id, name, created, subnet, gateway, labels } = value as Record<string, unknown>;
  const texts = [id, name, created, subnet, gateway].every((text) => typeof text === 'string');
  return (
    texts &&
    typeof labels === 'object' &&
    parseSubnet(subnet as string) !== undefined &&
    parseAddress(gateway as string) !== undefined
  );
}
