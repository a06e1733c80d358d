import { called } from '../container/called.ts';
import { changeConfig } from '../container/change.ts';
import { findContainer } from '../container/heal.ts';
import { namedNetwork } from '../container/namespaceModes.ts';
import type { ContainerConfig } from '../container/record.ts';
import type { InterfaceExtras } from '../container/spec/types.ts';
import { isUp } from '../container/status.ts';
import type { StoredContainer } from '../container/store.ts';
import type { Engine } from '../engine.ts';
import { isRcxError, RcxError } from '../errors.ts';
import { networkEvent } from '../events/append.ts';
import { native } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { Attachments, type Endpoint, freeAddresses } from './attachments.ts';
import { withGateways } from './gateways.ts';
import { addHostLines, removeHostLines } from './hostLines.ts';
import { addressesOf, type ContainerNetwork } from './membership.ts';
import { NetworkStore } from './store.ts';

/**
 * Has a container be in one more network, at once if it runs.
 * @param text name, id, or prefix of an id of the container
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_NETWORK_IN_USE when it is in it already, ERR_RCX_UNSUPPORTED for one without a network
 *   namespace of its own, and as {@link Attachments.take}
 */
export async function connectNetwork(engine: Engine, text: string, endpoint: Endpoint): Promise<void> {
  const stored = await findContainer(engine, text);
  requireNetworks(stored.config);
  const { id, hostname } = stored.config;
  const attachments = await Attachments.take(engine, id, [endpoint]);
  let before: ContainerConfig | undefined;
  try {
    const changed = await changeConfig(stored, (config) => {
      if (config.networks?.[attachments.first] !== undefined) throw isIn(config.name, attachments.first);
      before = config;
      return connected(config, attachments);
    });
    apply(engine, stored);
    const own = changed.networks?.[attachments.first];
    const name = changed.request.spec.hostname ?? hostname ?? id.slice(0, 12);
    if (isUp(stored.state.status) && own !== undefined) {
      networkEvent(engine.paths, { id: own.id, name: attachments.first }, 'connect', id);
    }
    if (own !== undefined) addHostLines(stored.folder, addressesOf(own), name);
    attachments.release();
  } catch (error) {
    await restore(engine, stored, before);
    attachments.abandon();
    throw error;
  }
}

/**
 * Has a container leave a network, at once if it runs.
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_NETWORK_NOT_FOUND, also when it is not in it, ERR_RCX_NETWORK
 */
export async function disconnectNetwork(
  engine: Engine,
  text: string,
  network: string,
  { force = false }: { force?: boolean | undefined } = {},
): Promise<void> {
  try {
    await disconnect(engine, text, network);
  } catch (error) {
    if (!force || !isRcxError(error, 'ERR_RCX_NETWORK_NOT_FOUND')) throw error;
  }
}

async function disconnect(engine: Engine, text: string, network: string): Promise<void> {
  const stored = await findContainer(engine, text);
  const { name } =
    stored.config.networks?.[network] === undefined ? new NetworkStore(engine.paths).find(network) : { name: network };
  let own: ContainerNetwork | undefined;
  await changeConfig(stored, (config) => {
    own = config.networks?.[name];
    if (own === undefined) throw isNotIn(config.name, name);
    return disconnected(config, name);
  });
  apply(engine, stored);
  if (own === undefined) return;
  if (isUp(stored.state.status)) networkEvent(engine.paths, { id: own.id, name }, 'disconnect', stored.config.id);
  removeHostLines(stored.folder, addressesOf(own));
  freeAddresses(engine.paths, stored.config.id, { [name]: own });
}

function connected(config: ContainerConfig, attachments: Attachments): ContainerConfig {
  const before = config.request.rcx.network?.interfaces ?? [];
  const index = before.reduce((free, device) => Math.max(free, Number(device.name.slice(3)) + 1), 0);
  const { hostname } = config.request.spec;
  const names = hostname === undefined ? [] : [hostname];
  const added = attachments.interfaces(names, mayRoute(config), index);
  const networks = { ...config.networks, ...attachments.networks() };
  return called(withNetworks(config, networks, [...before, ...added]), config.name);
}

function disconnected(config: ContainerConfig, name: string): ContainerConfig {
  const { [name]: _gone, ...networks } = config.networks ?? {};
  const devices = config.request.rcx.network?.interfaces ?? [];
  return withNetworks(
    config,
    networks,
    devices.filter((device) => device.network !== name),
  );
}

function withNetworks(
  config: ContainerConfig,
  networks: Record<string, ContainerNetwork>,
  devices: InterfaceExtras[],
): ContainerConfig {
  const { request } = config;
  const interfaces = withGateways(devices);
  const { network = { container: config.id, interfaces } } = request.rcx;
  const leadsOut = interfaces.some((device) => device.gateways !== undefined);
  const { nameServer = 'host' } = network;
  const changed = {
    ...network,
    interfaces,
    nameServer: leadsOut ? (nameServer === 'none' ? 'host' : nameServer) : 'none',
  } as const;
  return { ...config, networks, request: { ...request, rcx: { ...request.rcx, network: changed } } };
}

function mayRoute({ request }: ContainerConfig): boolean {
  return request.spec.process.capabilities.bounding.includes('CAP_NET_ADMIN');
}

function apply(engine: Engine, { config, state }: StoredContainer): void {
  if (!isUp(state.status)) return;
  try {
    native().changeNetworks(engine.containers.runDirectory(config.id));
  } catch (error) {
    const failure = toRcxError(error, 'ERR_RCX_NETWORK');
    // One that has just ended is in them when it is started again.
    if (failure.code !== 'ERR_RCX_MONITOR' || (failure.errno !== 'ENOENT' && failure.errno !== 'ECONNREFUSED'))
      throw failure;
  }
}

async function restore(engine: Engine, stored: StoredContainer, before: ContainerConfig | undefined): Promise<void> {
  if (before === undefined) return;
  const { networks, request } = before;
  const { network } = request.rcx;
  await changeConfig(stored, ({ networks: _added, ...config }) => ({
    ...config,
    ...(networks !== undefined && { networks }),
    request: { ...config.request, rcx: { ...config.request.rcx, ...(network !== undefined && { network }) } },
  }));
  apply(engine, stored);
}

/** As with Docker: what is the host's, or another container's, is not this one's to change. */
function requireNetworks({ name, network, request }: ContainerConfig): void {
  if (namedNetwork(network) !== undefined && request.rcx.network !== undefined) return;
  const step = 'connect the container to a network';
  throw new RcxError(`${step}: ${name}: its network mode is ${network}`, {
    code: 'ERR_RCX_UNSUPPORTED',
    step,
    path: name,
    hint: 'only one that was made in a network can be in others',
  });
}

function isIn(name: string, network: string): RcxError {
  const step = 'connect the container to a network';
  return new RcxError(`${step}: endpoint with name ${name} already exists in network ${network}`, {
    code: 'ERR_RCX_NETWORK_IN_USE',
    step,
    path: name,
  });
}

function isNotIn(name: string, network: string): RcxError {
  const step = 'disconnect the container from a network';
  return new RcxError(`${step}: container ${name} is not connected to network ${network}`, {
    code: 'ERR_RCX_NETWORK_NOT_FOUND',
    step,
    path: name,
  });
}
