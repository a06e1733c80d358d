import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { plain } from '../oci/quote.ts';
import { lockPath, withLock } from '../store/lock.ts';
import { randomHex } from '../store/random.ts';
import { formatAddress, formatSubnet, isForHost, parseAddress, parseSubnet, type Subnet } from './ipv4.ts';
import { type Network, subnetOf } from './record.ts';
import { NetworkStore, requireFreeName } from './store.ts';
import { freeSubnet, requireFree } from './subnets.ts';

export interface CreateNetworkOptions {
  name: string;
  /** `bridge`, the only one. */
  driver?: string | undefined;
  /** `172.30.0.0/16`; one that nothing else uses when left out. */
  subnet?: string | undefined;
  /** The machine's own address; the first of the subnet when left out. */
  gateway?: string | undefined;
  /** Nothing leads out of it. */
  internal?: boolean | undefined;
  labels?: Record<string, string> | undefined;
}

/** Modes of `--network`, and names that are Docker's own. */
const RESERVED = ['none', 'host', 'bridge', 'default', 'container', 'ns'];
/** Room for a container beside the machine, and no more addresses than a search goes through quickly. */
const PREFIXES = { shortest: 8, longest: 29 };

/**
 * Makes a network. Its bridge is made by the first container that is started in it.
 * @throws ERR_RCX_INVALID_NAME, ERR_RCX_INVALID_OPTION, ERR_RCX_NETWORK_EXISTS, ERR_RCX_UNSUPPORTED, ERR_RCX_NETWORK for a subnet that
 *   something else uses, ERR_RCX_STORE
 */
export async function createNetwork(engine: Engine, wanted: CreateNetworkOptions): Promise<Network> {
  const { name, driver = 'bridge', internal = false, labels = {} } = wanted;
  checkName(name);
  if (driver !== 'bridge') throw invalid('--driver', driver, 'there is bridge');
  const asked = wanted.subnet === undefined ? undefined : readSubnet(wanted.subnet);
  if (asked === undefined && wanted.gateway !== undefined) {
    throw invalid('--gateway', wanted.gateway, 'give the --subnet that it is in');
  }
  if (!internal) throw noWayOut();
  const store = new NetworkStore(engine.paths);
  requireFreeName(engine.paths, name);
  // Two networks that are made at the same time must not choose the same subnet.
  return await withLock(lockPath(engine.paths, 'networks'), async () => {
    const others = store.list().map((network) => ({ name: network.name, subnet: subnetOf(network) }));
    if (asked !== undefined) requireFree(asked, others);
    const subnet = asked ?? freeSubnet(others.map((other) => other.subnet));
    const gateway = readGateway(wanted.gateway, subnet);
    const created = new Date().toISOString();
    return await store.make({
      ...{ id: randomHex(32), name, created, internal, labels },
      subnet: formatSubnet(subnet),
      gateway: formatAddress(gateway),
    });
  });
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

function readSubnet(text: string): Subnet {
  const subnet = parseSubnet(text);
  const { shortest, longest } = PREFIXES;
  if (subnet !== undefined && subnet.prefix >= shortest && subnet.prefix <= longest) return subnet;
  throw invalid('--subnet', text, `write it as 172.30.0.0/16, from /${shortest} to /${longest}, without bits of hosts`);
}

function readGateway(text: string | undefined, subnet: Subnet): number {
  if (text === undefined) return subnet.base + 1;
  const address = parseAddress(text);
  if (address !== undefined && isForHost(subnet, address)) return address;
  throw invalid('--gateway', text, `give an address of a host in ${formatSubnet(subnet)}`);
}

function noWayOut(): RcxError {
  const step = 'create a network';
  return new RcxError(`${step}: one with a way out of it is not supported yet`, {
    code: 'ERR_RCX_UNSUPPORTED',
    step,
    hint: 'make an internal one, with --internal: its containers and this machine reach each other',
  });
}

function invalid(flag: string, text: string, hint: string): RcxError {
  const step = `read ${flag}`;
  const path = plain(text);
  return new RcxError(`${step}: ${path} is not valid`, { code: 'ERR_RCX_INVALID_OPTION', step, path, hint });
}
