import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { NameLinks } from '../container/nameLinks.ts';
import { readConfig } from '../container/record.ts';
import { isRcxError, RcxError } from '../errors.ts';
import { names } from '../store/listing.ts';
import { isBeingMade } from '../store/temporary.ts';
import { invalid } from './invalid.ts';
import { contains, formatAddress, isForHost, parseAddress, sizeOf } from './ipv4.ts';
import { formatAddress6, isForHost6, parseAddress6 } from './ipv6.ts';
import { addressesOf } from './membership.ts';
import { ADDRESSES, type Network, subnet6Of, subnetOf } from './record.ts';

/** The addresses of one network that containers have, running or not. */
export class Addresses {
  readonly #network: Network;
  readonly #folder: string;
  readonly #links: NameLinks;

  /** @param containers folder of the containers */
  constructor(network: Network, containers: string) {
    this.#network = network;
    this.#folder = join(network.folder, ADDRESSES);
    this.#links = new NameLinks(this.#folder, (id, address) => mayHave(containers, id, network.id, address));
  }

  /**
   * Gives an address to a container that is being made: a given one, or the lowest that is free. No lock is needed, since
   * making a link is atomic.
   * @throws ERR_RCX_INVALID_OPTION, ERR_RCX_NETWORK when it is somebody else's, or there is none left
   */
  take(id: string, wanted: string | undefined): string {
    if (wanted !== undefined) return this.#takeGiven(id, wanted);
    const subnet = subnetOf(this.#network);
    const gateway = parseAddress(this.#network.gateway);
    const taken = new Set(names(this.#folder));
    // First those that nobody seems to have, then those whose containers may be gone.
    for (const isTaken of [false, true]) {
      for (let address = subnet.base + 1; address < subnet.base + sizeOf(subnet) - 1; address++) {
        const text = formatAddress(address);
        if (address === gateway || taken.has(text) !== isTaken) continue;
        if (this.#links.take(text, id)) return text;
      }
    }
    throw this.#failure(
      `no address of ${this.#network.subnet} is left`,
      'remove containers of it, or make a larger one',
    );
  }

  /**
   * Gives it an IPv6 address: a given one, or that which differs from the network's as its other address does.
   * @throws as {@link take}
   */
  take6(id: string, wanted: string | undefined, address: string): string {
    const { ipv6, name } = this.#network;
    const subnet = subnet6Of(this.#network);
    if (subnet === undefined || ipv6 === undefined) {
      if (wanted === undefined) return '';
      throw invalid('--ip6', wanted, `the network ${name} has no IPv6 addresses: make it with --ipv6`);
    }
    if (wanted !== undefined) {
      const given = parseAddress6(wanted);
      if (given === undefined || !isForHost6(subnet, given)) throw this.#notForContainer('--ip6', wanted, ipv6.subnet);
      return this.#takeFree(id, formatAddress6(given), ipv6.gateway, '--ip6');
    }
    const number = BigInt((parseAddress(address) ?? 0) - subnetOf(this.#network).base);
    const step = BigInt(sizeOf(subnetOf(this.#network)));
    for (let candidate = subnet.base + number; isForHost6(subnet, candidate); candidate += step) {
      const text = formatAddress6(candidate);
      if (text !== ipv6.gateway && this.#links.take(text, id)) return text;
    }
    throw this.#failure(`no address of ${ipv6.subnet} is left`, 'give one by --ip6, or make a larger one');
  }

  #takeGiven(id: string, text: string): string {
    const address = parseAddress(text);
    const subnet = subnetOf(this.#network);
    if (address !== undefined && isForHost(subnet, address)) {
      return this.#takeFree(id, formatAddress(address), this.#network.gateway, '--ip');
    }
    const inside = address !== undefined && contains(subnet, address);
    const { subnet: all } = this.#network;
    throw inside ? this.#notForContainer('--ip', text) : this.#notForContainer('--ip', text, all);
  }

  #takeFree(id: string, address: string, gateway: string, flag: string): string {
    if (address !== gateway && this.#links.take(address, id)) return address;
    throw this.#failure(`Address already in use: ${address}`, `give another one by ${flag}, or leave it out`);
  }

  #notForContainer(flag: string, text: string, subnet?: string): RcxError {
    const hint = subnet === undefined ? 'the first and the last stand for the network' : `give one of ${subnet}`;
    return invalid(flag, text, hint, `is no address for a container of the network ${this.#network.name}`);
  }

  #failure(what: string, hint: string): RcxError {
    const step = 'give the container an address';
    const { name } = this.#network;
    return new RcxError(`${step}: network ${name}: ${what}`, { code: 'ERR_RCX_NETWORK', step, path: name, hint });
  }
}

/** Takes an address from a container, in the network of a folder; as the monitor does, see `crates/core/src/monitor/networks.rs`. */
export function freeAddress(folder: string, container: string, address: string): void {
  new NameLinks(join(folder, ADDRESSES), () => false).free(address, container);
}

/** Whether there is a container with that id, or going to be, which has that address. Of a damaged record it is believed. */
function mayHave(containers: string, id: string, network: string, address: string): boolean {
  const folder = join(containers, id);
  return has(folder, network, address) || isBeingMade(containers, id) || has(folder, network, address);
}

function has(folder: string, network: string, address: string): boolean {
  if (!existsSync(folder)) return false;
  try {
    return Object.values(readConfig(folder).networks ?? {}).some(
      (own) => own.id === network && addressesOf(own).includes(address),
    );
  } catch (error) {
    if (isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) return existsSync(folder);
    throw error;
  }
}
