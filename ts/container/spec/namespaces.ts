import type { ContainerOptions } from '../options.ts';

/** The namespaces that are not the host's: new ones, and those of other containers. */
export function specNamespaces({ network, ipc, pid, uts, cgroupns }: ContainerOptions): { type: string }[] {
  const modes = { mount: undefined, pid, ipc, uts, cgroup: cgroupns, network };
  return Object.entries(modes).flatMap(([type, mode]) => (mode === 'host' ? [] : [{ type }]));
}
