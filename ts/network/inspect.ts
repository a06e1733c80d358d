import { isAlive } from '../container/liveness.ts';
import { readState } from '../container/record.ts';
import type { Engine } from '../engine.ts';
import { NetworkStore } from './store.ts';
import { type NetworkUser, usersOf } from './users.ts';

/** A network as `docker network inspect` describes it; the field names are Docker's. */
export interface NetworkInspect {
  Name: string;
  Id: string;
  Created: string;
  Scope: 'local';
  Driver: 'bridge';
  EnableIPv4: true;
  EnableIPv6: false;
  IPAM: { Driver: 'default'; Options: Record<string, string>; Config: { Subnet: string; Gateway: string }[] };
  Internal: boolean;
  Attachable: false;
  Ingress: false;
  /** Those that run, by id. */
  Containers: Record<string, { Name: string; MacAddress: string; IPv4Address: string; IPv6Address: '' }>;
  Options: Record<string, string>;
  Labels: Record<string, string>;
}

/** Describes a network by name, id, or prefix of an id. @throws ERR_RCX_NETWORK_NOT_FOUND, ERR_RCX_NETWORK_DAMAGED */
export function inspectNetwork(engine: Engine, text: string): NetworkInspect {
  const network = new NetworkStore(engine.paths).find(text);
  const running = usersOf(engine.containers, network).filter((user) => isRunning(engine, user));
  const containers = running.map(({ config, own }) => [
    config.id,
    { Name: config.name, MacAddress: own.mac, IPv4Address: `${own.address}/${own.prefix}`, IPv6Address: '' as const },
  ]);
  return {
    ...{ Name: network.name, Id: network.id, Created: network.created, Scope: 'local', Driver: 'bridge' },
    ...{ EnableIPv4: true, EnableIPv6: false },
    IPAM: { Driver: 'default', Options: {}, Config: [{ Subnet: network.subnet, Gateway: network.gateway }] },
    ...{ Internal: network.internal, Attachable: false, Ingress: false },
    Containers: Object.fromEntries(containers),
    ...{ Options: {}, Labels: network.labels },
  };
}

function isRunning(engine: Engine, { config }: NetworkUser): boolean {
  const { process } = readState(engine.containers.folder(config.id));
  return process !== undefined && isAlive(process);
}
