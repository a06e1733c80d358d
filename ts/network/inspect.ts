import { isAlive } from '../container/liveness.ts';
import { readState } from '../container/record.ts';
import type { Engine } from '../engine.ts';
import type { Network } from './record.ts';
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
  EnableIPv6: boolean;
  IPAM: { Driver: 'default'; Options: Record<string, string>; Config: { Subnet: string; Gateway: string }[] };
  Internal: boolean;
  Attachable: false;
  Ingress: false;
  /** Those that run, by id. */
  Containers: Record<string, { Name: string; MacAddress: string; IPv4Address: string; IPv6Address: string }>;
  Options: Record<string, string>;
  Labels: Record<string, string>;
}

/** Describes a network by name, id, or prefix of an id. @throws ERR_RCX_NETWORK_NOT_FOUND, ERR_RCX_NETWORK_DAMAGED */
export function inspectNetwork(engine: Engine, text: string): NetworkInspect {
  const network = new NetworkStore(engine.paths).find(text);
  const running = usersOf(engine.containers, network).filter((user) => isRunning(engine, user));
  const containers = running.map(({ config, own }) => [
    config.id,
    {
      Name: config.name,
      MacAddress: own.mac,
      IPv4Address: `${own.address}/${own.prefix}`,
      IPv6Address: own.ipv6 === undefined ? '' : `${own.ipv6.address}/${own.ipv6.prefix}`,
    },
  ]);
  return {
    ...{ Name: network.name, Id: network.id, Created: network.created, Scope: 'local', Driver: 'bridge' },
    ...{ EnableIPv4: true, EnableIPv6: network.ipv6 !== undefined },
    IPAM: { Driver: 'default', Options: {}, Config: ipam(network) },
    ...{ Internal: network.internal, Attachable: false, Ingress: false },
    Containers: Object.fromEntries(containers),
    Options: network.mtu === undefined ? {} : { 'com.docker.network.driver.mtu': String(network.mtu) },
    Labels: network.labels,
  };
}

function ipam({ subnet, gateway, ipv6 }: Network): { Subnet: string; Gateway: string }[] {
  const v4 = { Subnet: subnet, Gateway: gateway };
  return ipv6 === undefined ? [v4] : [v4, { Subnet: ipv6.subnet, Gateway: ipv6.gateway }];
}

function isRunning(engine: Engine, { config }: NetworkUser): boolean {
  const { process } = readState(engine.containers.folder(config.id));
  return process !== undefined && isAlive(process);
}
