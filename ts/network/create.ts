import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { networkEvent } from '../events/append.ts';
import { plain } from '../oci/quote.ts';
import { lockPath, withLock } from '../store/lock.ts';
import { randomHex } from '../store/random.ts';
import { invalid } from './invalid.ts';
import { formatAddress, formatSubnet } from './ipv4.ts';
import { formatAddress6, formatSubnet6 } from './ipv6.ts';
import type { Network, NetworkRecord } from './record.ts';
import { subnet6Of, subnetOf } from './record.ts';
import { NetworkStore, requireFreeName } from './store.ts';
import { type AskedSubnets, readSubnets, type Subnets } from './subnetOptions.ts';
import { freeSubnet, freeSubnet6, requireFree, requireFree6 } from './subnets.ts';

export interface CreateNetworkOptions extends AskedSubnets {
  name: string;
  /** `bridge`, the only one. */
  driver?: string | undefined;
  /** Nothing leads out of it. */
  internal?: boolean | undefined;
  /** `com.docker.network.driver.mtu`, in bytes. */
  options?: Record<string, string> | undefined;
  labels?: Record<string, string> | undefined;
}

/** The network of containers that nobody has given one; made when it is needed first. */
export const DEFAULT_NETWORK = 'bridge';

/** Modes of `--network`, and names that are Docker's own. */
const RESERVED = ['none', 'host', DEFAULT_NETWORK, 'default', 'container', 'ns'];
const MTU = 'com.docker.network.driver.mtu';
/** What IPv4 has to carry (RFC 791), and the largest that a device takes. */
const MTUS = { least: 68, most: 65_535 };

/**
 * Makes a network. Its bridge is made by the first container that is started in it.
 * @throws ERR_RCX_INVALID_NAME, ERR_RCX_INVALID_OPTION, ERR_RCX_NETWORK_EXISTS, ERR_RCX_NETWORK for a subnet that something else
 *   uses, ERR_RCX_STORE
 */
export async function createNetwork(engine: Engine, wanted: CreateNetworkOptions): Promise<Network> {
  checkName(wanted.name);
  requireFreeName(engine.paths, wanted.name);
  return await make(engine, wanted);
}

/** The default network, made when there is none. @throws ERR_RCX_NETWORK, ERR_RCX_NETWORK_DAMAGED, ERR_RCX_STORE */
export async function defaultNetwork(engine: Engine): Promise<Network> {
  const store = new NetworkStore(engine.paths);
  try {
    return store.named(DEFAULT_NETWORK) ?? (await make(engine, { name: DEFAULT_NETWORK }));
  } catch (error) {
    // Somebody else was faster.
    const made = error instanceof RcxError && error.code === 'ERR_RCX_NETWORK_EXISTS' && store.named(DEFAULT_NETWORK);
    if (!made) throw error;
    return made;
  }
}

async function make(engine: Engine, wanted: CreateNetworkOptions): Promise<Network> {
  const { name, driver = 'bridge', internal = false, labels = {} } = wanted;
  if (driver !== 'bridge') throw invalid('--driver', driver, 'there is bridge');
  const asked = readSubnets(wanted);
  const mtu = readMtu(wanted.options ?? {});
  const store = new NetworkStore(engine.paths);
  // Two networks that are made at the same time must not choose the same subnet.
  return await withLock(lockPath(engine.paths, 'networks'), async () => {
    const created = new Date().toISOString();
    const addresses = choose(store.list(), asked);
    const made = await store.make({
      ...{ id: randomHex(32), name, created, internal, labels, ...addresses },
      ...(mtu !== undefined && { mtu }),
    });
    networkEvent(engine.paths, made, 'create');
    return made;
  });
}

function choose(others: readonly Network[], asked: Subnets): Pick<NetworkRecord, 'subnet' | 'gateway' | 'ipv6'> {
  const taken = others.map((network) => ({ name: network.name, subnet: subnetOf(network) }));
  if (asked.v4 !== undefined) requireFree(asked.v4.subnet, taken);
  const v4 = asked.v4?.subnet ?? freeSubnet(taken.map((other) => other.subnet));
  const chosen = { subnet: formatSubnet(v4), gateway: formatAddress(asked.v4?.gateway ?? v4.base + 1) };
  if (!asked.ipv6) return chosen;
  const taken6 = others.flatMap(({ name, ...network }) => {
    const subnet = subnet6Of(network);
    return subnet === undefined ? [] : [{ name, subnet }];
  });
  if (asked.v6 !== undefined) requireFree6(asked.v6.subnet, taken6);
  const v6 = asked.v6?.subnet ?? freeSubnet6(taken6.map((other) => other.subnet));
  const ipv6 = { subnet: formatSubnet6(v6), gateway: formatAddress6(asked.v6?.gateway ?? v6.base + 1n) };
  return { ...chosen, ipv6 };
}

function readMtu(options: Record<string, string>): number | undefined {
  for (const name of Object.keys(options)) {
    if (name !== MTU) throw invalid('--opt', name, `there is ${MTU}`);
  }
  const text = options[MTU];
  if (text === undefined) return undefined;
  const mtu = /^[1-9]\d{0,4}$/.test(text) ? Number(text) : 0;
  if (mtu < MTUS.least || mtu > MTUS.most)
    throw invalid('--opt', `${MTU}=${text}`, `from ${MTUS.least} to ${MTUS.most}`);
  return mtu;
}

function checkName(name: string): void {
  const step = 'create a network';
  const refuse = (why: string) =>
    new RcxError(`${step}: ${plain(name)}: ${why}`, { code: 'ERR_RCX_INVALID_NAME', step, path: plain(name) });
  if (RESERVED.includes(name)) throw refuse('the name stands for something else');
  if (!/^[a-zA-Z0-9][a-zA-Z0-9_.-]{0,127}$/.test(name)) {
    throw refuse(
      'a name is of letters, digits, _, . and -, begins with a letter or a digit, and has 128 characters at most',
    );
  }
}
