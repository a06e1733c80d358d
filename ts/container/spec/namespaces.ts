import { namespacePath } from '../namespaceModes.ts';
import type { ContainerOptions } from '../options.ts';

/** The namespaces that are not the host's: new ones, those of other containers, and those that have a path. */
export function specNamespaces(options: ContainerOptions): { type: string; path?: string }[] {
  const { network, ipc, pid, uts, cgroupns } = options;
  const modes = { mount: undefined, pid, ipc, uts, cgroup: cgroupns, network };
  return Object.entries(modes).flatMap(([type, mode]) => {
    const path = namespacePath(mode);
    return mode === 'host' ? [] : [{ type, ...(path !== undefined && { path }) }];
  });
}
