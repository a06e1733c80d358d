import type { Engine } from '../engine.ts';
import { isRcxError, RcxError } from '../errors.ts';
import { native } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { discard } from '../store/temporary.ts';
import { bridgeName, type Network } from './record.ts';
import { lockNetwork, NetworkStore } from './store.ts';
import { usersOf } from './users.ts';

/**
 * Removes a network and its bridge; returns its name.
 * @param text name, id, or prefix of an id
 * @param force one that is not there is no error
 * @throws ERR_RCX_NETWORK_NOT_FOUND, ERR_RCX_NETWORK_IN_USE, ERR_RCX_NETWORK, ERR_RCX_REMOVE
 */
export async function removeNetwork(engine: Engine, text: string, { force = false } = {}): Promise<string> {
  try {
    const network = new NetworkStore(engine.paths).find(text);
    await remove(engine, network);
    return network.name;
  } catch (error) {
    if (!force || !isRcxError(error, 'ERR_RCX_NETWORK_NOT_FOUND')) throw error;
    return text;
  }
}

async function remove(engine: Engine, network: Network): Promise<void> {
  const lock = lockNetwork(network);
  if (lock === undefined) throw inUse(network.name, 'a container is being made in it');
  try {
    const users = usersOf(engine.containers, network).map(({ config }) => config.name);
    if (users.length > 0) throw inUse(network.name, `containers are in it: ${users.join(', ')}`);
    native().removeBridge(bridgeName(network));
    await discard(network.folder);
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_NETWORK');
  } finally {
    lock.release();
  }
}

function inUse(name: string, why: string): RcxError {
  const step = 'remove the network';
  return new RcxError(`${step}: network ${name} has active endpoints: ${why}`, {
    code: 'ERR_RCX_NETWORK_IN_USE',
    step,
    path: name,
    hint: 'remove its containers first, with: rcx rm',
  });
}
