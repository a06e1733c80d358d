import { CAPABILITIES, DEFAULT_PATH, KERNEL_MOUNTS, MASKED_PATHS, READONLY_PATHS } from '../container/spec/defaults.ts';
import { specResources } from '../container/spec/resources.ts';
import type { RuntimeSpec } from '../container/spec/types.ts';

export type { RuntimeSpec } from '../container/spec/types.ts';

const NAMESPACES = ['mount', 'pid', 'ipc', 'uts', 'cgroup', 'network'];

/**
 * The OCI runtime-spec configuration of a container as docker confines one by default: all namespaces, its capabilities, the kernel's
 * file systems, hidden and read-only paths, and a network of a loopback device. To be changed before it is launched.
 * @param root directory that becomes the container's root; with layers, the empty one that they are mounted on
 * @param args program and arguments
 */
export function defaultSpec(root: string, args: readonly string[]): RuntimeSpec {
  const capabilities = [...CAPABILITIES];
  return {
    ociVersion: '1.2.0',
    hostname: 'rcx',
    process: {
      terminal: false,
      user: { uid: 0, gid: 0 },
      args: [...args],
      env: [DEFAULT_PATH],
      cwd: '/',
      capabilities: { bounding: capabilities, effective: capabilities, permitted: capabilities },
    },
    root: { path: root },
    mounts: KERNEL_MOUNTS.map((mount) => ({ ...mount, options: [...mount.options] })),
    linux: {
      namespaces: NAMESPACES.map((type) => ({ type })),
      resources: specResources(undefined, {}),
      sysctl: {},
      maskedPaths: [...MASKED_PATHS],
      readonlyPaths: [...READONLY_PATHS],
    },
  };
}
