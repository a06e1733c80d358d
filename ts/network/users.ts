import type { ContainerConfig } from '../container/record.ts';
import type { ContainerStore } from '../container/store.ts';
import type { ContainerNetwork } from './membership.ts';
import type { Network } from './record.ts';

/** A container that is in a network. */
export interface NetworkUser {
  config: ContainerConfig;
  own: ContainerNetwork;
}

/** The containers in a network, running or not. */
export function usersOf(containers: ContainerStore, { id }: Pick<Network, 'id'>): NetworkUser[] {
  return containers.configs().flatMap(({ config }) => {
    const own = Object.values(config?.networks ?? {}).find((network) => network.id === id);
    return config === undefined || own === undefined ? [] : [{ config, own }];
  });
}
