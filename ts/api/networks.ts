import type { Engine as Core } from '../engine.ts';
import type { Endpoint } from '../network/attachments.ts';
import { connectNetwork, disconnectNetwork } from '../network/connect.ts';
import { type CreateNetworkOptions, createNetwork } from '../network/create.ts';
import { inspectNetwork, type NetworkInspect } from '../network/inspect.ts';
import { listNetworks } from '../network/list.ts';
import { perform } from './operations/perform.ts';

/** The networks of an engine. */
export class Networks {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /** Makes a network. Its bridge is made by the first container that is started in it. */
  async create(options: CreateNetworkOptions): Promise<NetworkInspect> {
    const { name } = await createNetwork(this.#core, options);
    return inspectNetwork(this.#core, name);
  }

  /** By name, id, or prefix of an id. @throws RcxError with ERR_RCX_NETWORK_NOT_FOUND */
  async inspect(text: string): Promise<NetworkInspect> {
    return inspectNetwork(this.#core, text);
  }

  /** @param filters as of `docker network ls --filter` */
  async list(filters: readonly string[] = []): Promise<NetworkInspect[]> {
    return listNetworks(this.#core, filters).map(({ name }) => inspectNetwork(this.#core, name));
  }

  /** @throws RcxError with ERR_RCX_NETWORK_IN_USE while a container is in it */
  async remove(text: string, { force = false }: { force?: boolean } = {}): Promise<void> {
    await perform(this.#core, 'removeNetwork', { text, force });
  }

  /** Has a container be in one more network, at once if it runs. @param container name, id, or prefix of an id */
  async connect(network: string, container: string, endpoint: Omit<Endpoint, 'network'> = {}): Promise<void> {
    await connectNetwork(this.#core, container, { ...endpoint, network });
  }

  /** Has a container leave a network, at once if it runs. */
  async disconnect(network: string, container: string): Promise<void> {
    await disconnectNetwork(this.#core, container, network);
  }
}
