import type { ContainerConfig } from './record.ts';

/** A record with another name, by which the container is then known in its networks as well. */
export function called(config: ContainerConfig, name: string): ContainerConfig {
  const { request } = config;
  const { network } = request.rcx;
  if (network === undefined) return { ...config, name };
  const interfaces = network.interfaces.map((device) => ({
    ...device,
    names: [name, ...device.names.filter((other) => other !== config.name && other !== name)],
  }));
  return { ...config, name, request: { ...request, rcx: { ...request.rcx, network: { ...network, interfaces } } } };
}
