import { existsSync, mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RcxError } from '../errors.ts';
import { plain } from '../oci/quote.ts';
import { names } from '../store/listing.ts';
import { type Lock, tryLockInExisting } from '../store/lock.ts';
import { fileFailure, toRcxError } from '../store/nativeError.ts';
import type { StorePaths } from '../store/paths.ts';
import { temporaryDirectory } from '../store/temporary.ts';
import { ADDRESSES, LOCK, type Network, type NetworkRecord, RECORD, readNetwork } from './record.ts';

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/** The networks of one store: a folder each. */
export class NetworkStore {
  readonly #folder: string;

  constructor({ networks }: Pick<StorePaths, 'networks'>) {
    this.#folder = networks;
  }

  /** All of them, in the order of their names. @throws ERR_RCX_NETWORK_DAMAGED */
  list(): Network[] {
    const found = names(this.#folder).filter((name) => NAME.test(name));
    return found.sort().flatMap((name) => readNetwork(join(this.#folder, name), name) ?? []);
  }

  /** By name alone. @throws ERR_RCX_NETWORK_DAMAGED */
  named(name: string): Network | undefined {
    return NAME.test(name) ? readNetwork(join(this.#folder, name), name) : undefined;
  }

  /** By name, id, or unambiguous prefix of an id. @throws ERR_RCX_NETWORK_NOT_FOUND, ERR_RCX_NETWORK_DAMAGED */
  find(text: string): Network {
    const named = this.named(text);
    if (named !== undefined) return named;
    const byId = text === '' ? [] : this.list().filter(({ id }) => id.startsWith(text));
    if (byId.length === 1 && byId[0] !== undefined) return byId[0];
    const step = 'find the network';
    const what = byId.length > 1 ? 'stands for several by its id' : 'not found';
    throw new RcxError(`${step}: network ${plain(text)} ${what}`, {
      code: 'ERR_RCX_NETWORK_NOT_FOUND',
      step,
      path: plain(text),
      hint: 'list them with: rcx network ls',
    });
  }

  /** Makes one; it appears by one rename and is then whole. @throws ERR_RCX_NETWORK_EXISTS, ERR_RCX_STORE */
  async make(record: NetworkRecord): Promise<Network> {
    const folder = join(this.#folder, record.name);
    const temporary = temporaryDirectory(this.#folder);
    try {
      mkdirSync(join(temporary.path, ADDRESSES), { mode: 0o700 });
      writeFileSync(join(temporary.path, LOCK), '', { flag: 'wx', mode: 0o600 });
      writeFileSync(join(temporary.path, RECORD), `${JSON.stringify(record)}\n`, {
        flag: 'wx',
        mode: 0o600,
        flush: true,
      });
      renameSync(temporary.path, folder);
    } catch (error) {
      await temporary.dispose();
      const { errno } = toRcxError(error, 'ERR_RCX_STORE');
      if ((errno === 'ENOTEMPTY' || errno === 'EEXIST') && existsSync(folder)) throw exists(record.name);
      throw fileFailure('create a network', folder, error);
    }
    temporary.keep();
    return { ...record, folder };
  }
}

/**
 * Takes a network: shared by who makes a container in it, alone by who removes it.
 * @returns `undefined` while somebody else has it otherwise, and when it is gone
 * @throws ERR_RCX_LOCK
 */
export function lockNetwork({ folder }: Network, { shared = false } = {}): Lock | undefined {
  return tryLockInExisting(join(folder, LOCK), { shared });
}

/** @throws ERR_RCX_NETWORK_EXISTS */
export function requireFreeName({ networks }: Pick<StorePaths, 'networks'>, name: string): void {
  if (existsSync(join(networks, name))) throw exists(name);
}

function exists(name: string): RcxError {
  const step = 'create a network';
  return new RcxError(`${step}: network with name ${name} already exists`, {
    code: 'ERR_RCX_NETWORK_EXISTS',
    step,
    path: name,
    hint: 'choose another name, or use that one',
  });
}
