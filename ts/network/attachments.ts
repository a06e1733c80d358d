import { join } from 'node:path';
import type { InterfaceExtras } from '../container/spec/types.ts';
import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { plain } from '../oci/quote.ts';
import type { Lock } from '../store/lock.ts';
import { Addresses, freeAddress } from './addresses.ts';
import { DEFAULT_NETWORK, defaultNetwork } from './create.ts';
import { interfaceOf, macOf, namesFolder } from './interface.ts';
import { invalid } from './invalid.ts';
import { addressesOf, type ContainerNetwork } from './membership.ts';
import { withdrawNames } from './names.ts';
import { type Network, subnet6Of, subnetOf } from './record.ts';
import { lockNetwork, NetworkStore } from './store.ts';

/** A place in a network that somebody asks for. */
export interface Endpoint {
  /** Name or id of the network. */
  network: string;
  /** Other names of the container there. */
  aliases?: string[] | undefined;
  ip?: string | undefined;
  ip6?: string | undefined;
  mac?: string | undefined;
}

interface Place {
  network: Network;
  lock: Lock;
  own: ContainerNetwork;
}

/** A container's places in networks, kept until its record says so. */
export class Attachments {
  readonly #engine: Engine;
  readonly #container: string;
  readonly #places: Place[] = [];

  private constructor(engine: Engine, container: string) {
    this.#engine = engine;
    this.#container = container;
  }

  /**
   * Takes places for a container, all or none.
   * @throws ERR_RCX_NETWORK_NOT_FOUND, ERR_RCX_NETWORK_DAMAGED, ERR_RCX_INVALID_OPTION, and as {@link Addresses.take}
   */
  static async take(engine: Engine, container: string, endpoints: readonly Endpoint[]): Promise<Attachments> {
    const taken = new Attachments(engine, container);
    try {
      for (const endpoint of endpoints) taken.#add(await find(engine, endpoint.network), endpoint);
      return taken;
    } catch (error) {
      taken.abandon();
      throw error;
    }
  }

  #add(network: Network, endpoint: Endpoint): void {
    if (this.#places.some((place) => place.network.id === network.id)) throw isTwice(network.name);
    const mac = endpoint.mac === undefined ? undefined : readMac(endpoint.mac);
    endpoint.aliases?.forEach(checkAlias);
    const lock = lockNetwork(network, { shared: true });
    if (lock === undefined) throw isGoing(network.name);
    const addresses = new Addresses(network, this.#engine.paths.containers);
    let address: string | undefined;
    try {
      address = addresses.take(this.#container, endpoint.ip);
      const own = membership(network, address, addresses.take6(this.#container, endpoint.ip6, address), endpoint, mac);
      this.#places.push({ network, lock, own });
    } catch (error) {
      if (address !== undefined) freeAddress(network.folder, this.#container, address);
      lock.release();
      throw error;
    }
  }

  /** The name of the first network. */
  get first(): string {
    return this.#places[0]?.network.name ?? 'none';
  }

  /** For the container's record. */
  networks(): Record<string, ContainerNetwork> {
    return Object.fromEntries(this.#places.map(({ network, own }) => [network.name, own]));
  }

  /** The place by which the container reaches everything else, and is reached; `undefined` for internal networks alone. */
  wayOut(): ContainerNetwork | undefined {
    return this.#places.find(({ network }) => !network.internal)?.own;
  }

  /** Devices for the core, from a number on; none leads out yet. */
  interfaces(names: readonly string[], mayRoute: boolean, from = 0): InterfaceExtras[] {
    return this.#places.map(({ network, own }, at) => {
      const choices = { container: this.#container, index: from + at, names, mayRoute };
      return interfaceOf(this.#engine.paths, network, own, choices);
    });
  }

  /** The container's record says that it has them. */
  release(): void {
    for (const { lock } of this.#places) lock.release();
  }

  /** There will be no container. */
  abandon(): void {
    for (const { network, own, lock } of this.#places) {
      for (const address of addressesOf(own)) freeAddress(network.folder, this.#container, address);
      lock.release();
    }
  }
}

/** Frees the addresses of a container that is gone, or leaves networks. */
export function freeAddresses(
  paths: Pick<Engine['paths'], 'networks' | 'run'>,
  container: string,
  networks: Readonly<Record<string, ContainerNetwork>>,
): void {
  for (const [name, own] of Object.entries(networks)) {
    for (const address of addressesOf(own)) {
      freeAddress(join(paths.networks, name), container, address);
      withdrawNames(namesFolder(paths.run, own), container, address);
    }
  }
}

async function find(engine: Engine, name: string): Promise<Network> {
  if (name === DEFAULT_NETWORK || name === 'default') return await defaultNetwork(engine);
  return new NetworkStore(engine.paths).find(name);
}

function membership(
  network: Network,
  address: string,
  address6: string,
  { ip, ip6, aliases }: Endpoint,
  mac: string | undefined,
): ContainerNetwork {
  const subnet6 = subnet6Of(network);
  const asked = {
    ...(ip !== undefined && { ip }),
    ...(ip6 !== undefined && { ip6 }),
    ...(mac !== undefined && { mac }),
  };
  return {
    ...{ id: network.id, address, prefix: subnetOf(network).prefix, gateway: network.gateway },
    ...(network.ipv6 !== undefined &&
      subnet6 !== undefined && {
        ipv6: { address: address6, prefix: subnet6.prefix, gateway: network.ipv6.gateway },
      }),
    mac: mac ?? macOf(address),
    ...(aliases !== undefined && aliases.length > 0 && { aliases }),
    ...(Object.keys(asked).length > 0 && { asked }),
  };
}

/** One of a single device: the lowest bit of the first byte stands for groups (IEEE 802). */
function readMac(text: string): string {
  const normal = text.toLowerCase().replaceAll('-', ':');
  const isSingle = /^[0-9a-f][02468ace](:[0-9a-f]{2}){5}$/.test(normal) && normal !== '00:00:00:00:00:00';
  if (!isSingle) throw invalid('--mac-address', text, 'write it as 02:42:ac:11:00:02, of a single device');
  return normal;
}

/** What a name server can be asked for (RFC 1035, 2.3.4), and does not end a line of /etc/hosts. */
function checkAlias(text: string): void {
  const isName =
    text.length <= 253 && text.split('.').every((label) => /^[a-zA-Z0-9_]([a-zA-Z0-9_-]{0,62})$/.test(label));
  if (!isName) throw invalid('--network-alias', text, 'give a name such as db');
}

function isTwice(name: string): RcxError {
  const step = 'attach the container to its networks';
  return new RcxError(`${step}: network ${plain(name)} is given twice`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step,
    path: plain(name),
  });
}

function isGoing(name: string): RcxError {
  const step = 'attach the container to its networks';
  return new RcxError(`${step}: network ${name} is being removed`, {
    code: 'ERR_RCX_NETWORK_NOT_FOUND',
    step,
    path: name,
  });
}
