import { rmdirSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Engine } from '../engine.ts';
import { isRcxError, RcxError } from '../errors.ts';
import { networkEvent } from '../events/append.ts';
import { native } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { discard } from '../store/temporary.ts';
import { namesFolder } from './interface.ts';
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
  await engine.enter();
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
    native().removeBridge(bridgeName(network), await engine.session());
    await discard(network.folder);
    forgetNames(engine, network);
    networkEvent(engine.paths, network, 'destroy');
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_NETWORK');
  } finally {
    lock.release();
  }
}

/** Of containers that were killed together with their monitors; those that end take theirs away. */
function forgetNames({ paths }: Engine, network: Network): void {
  const folder = namesFolder(paths.run, network);
  rmSync(folder, { recursive: true, force: true });
  try {
    rmdirSync(dirname(folder));
  } catch (error) {
    const { errno } = toRcxError(error, 'ERR_RCX_REMOVE');
    // There are other networks, or there never was a name.
    if (errno !== 'ENOTEMPTY' && errno !== 'ENOENT') throw error;
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
