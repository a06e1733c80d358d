import { join } from 'node:path';
import type { NetworkExtras } from '../container/spec/types.ts';
import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import type { Lock } from '../store/lock.ts';
import { Addresses, freeAddress } from './addresses.ts';
import { formatAddress, parseAddress } from './ipv4.ts';
import type { ContainerNetwork } from './membership.ts';
import { bridgeName, type Network, subnetOf } from './record.ts';
import { lockNetwork, NetworkStore } from './store.ts';

/** A container's place in a network, kept until its record says so. */
export class Attachment {
  readonly network: Network;
  readonly own: ContainerNetwork;
  readonly #lock: Lock;
  readonly #container: string;

  private constructor(network: Network, lock: Lock, container: string, own: ContainerNetwork) {
    this.network = network;
    this.#lock = lock;
    this.#container = container;
    this.own = own;
  }

  /**
   * Takes a place in a network for a container that is being made.
   * @param name of the network, or its id
   * @param wanted address
   * @throws ERR_RCX_NETWORK_NOT_FOUND, ERR_RCX_NETWORK_DAMAGED, and as {@link Addresses.take}
   */
  static take(engine: Engine, container: string, name: string, wanted: string | undefined): Attachment {
    const network = new NetworkStore(engine.paths).find(name);
    const lock = lockNetwork(network, { shared: true });
    if (lock === undefined) throw isGoing(network.name);
    try {
      const address = new Addresses(network, engine.paths.containers).take(container, wanted);
      const { prefix } = subnetOf(network);
      const own = { id: network.id, address, prefix, gateway: network.gateway, mac: macOf(address) };
      return new Attachment(network, lock, container, own);
    } catch (error) {
      lock.release();
      throw error;
    }
  }

  /** For the core. */
  extras(): NetworkExtras {
    const { network, own } = this;
    const device = {
      name: 'eth0',
      hostName: `rcx${this.#container.slice(0, 8)}e0`,
      mac: own.mac,
      addresses: [`${own.address}/${own.prefix}`],
    };
    const bridge = {
      name: bridgeName(network),
      mac: macOf(network.gateway),
      addresses: [`${network.gateway}/${own.prefix}`],
      internal: network.internal,
    };
    return { interfaces: [{ ...device, ...(!network.internal && { gateways: [network.gateway] }), bridge }] };
  }

  /** The container's record says that it has it. */
  release(): void {
    this.#lock.release();
  }

  /** There will be no container. */
  abandon(): void {
    freeAddress(this.network.folder, this.#container, this.own.address);
    this.#lock.release();
  }
}

/** Frees the addresses of a container that is gone. */
export function freeAddresses(
  paths: Pick<Engine['paths'], 'networks'>,
  container: string,
  networks: Readonly<Record<string, ContainerNetwork>>,
): void {
  for (const [name, { address }] of Object.entries(networks)) {
    freeAddress(join(paths.networks, name), container, address);
  }
}

/** As Docker's: locally administered, and as different from others as the address is. */
function macOf(address: string): string {
  const number = parseAddress(address) ?? 0;
  const bytes = formatAddress(number).split('.').map(Number);
  return [0x02, 0x42, ...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}

function isGoing(name: string): RcxError {
  const step = 'attach the container to its network';
  return new RcxError(`${step}: network ${name} is being removed`, {
    code: 'ERR_RCX_NETWORK_NOT_FOUND',
    step,
    path: name,
  });
}
