import { RcxError } from '../errors.ts';
import { native } from '../native/index.ts';
import { quote } from '../oci/quote.ts';
import { toRcxError } from '../store/nativeError.ts';
import type { ContainerConfig } from './record.ts';
import { cgroupPath } from './spec/build.ts';

/**
 * Where the cgroups of a new container are going to be, below the root of each hierarchy.
 * @param parent Docker's `--cgroup-parent`
 * @throws ERR_RCX_INVALID_OPTION for a parent that is no path of a cgroup
 */
export function placeCgroup(id: string, parent?: string): string {
  if (!parent) return `${cgroupBase()}${cgroupPath(id)}`;
  const names = parent.split('/').filter((name) => name !== '' && name !== '.');
  // A name of the kernel's own would be a file's.
  const isOdd = (name: string) => name === '..' || !/^[\w.@:\\-]+$/.test(name) || /^cgroup\./.test(name);
  if (names.some(isOdd) || parent.startsWith('/sys/')) {
    throw new RcxError(`place the container's cgroup: --cgroup-parent ${quote(parent)} is no path of a cgroup`, {
      code: 'ERR_RCX_INVALID_OPTION',
      step: "place the container's cgroup",
      path: parent,
      hint: 'give one below the root of the hierarchies, as /machines/web',
    });
  }
  const base = parent.startsWith('/') ? '' : cgroupBase();
  return `${base}/${[...names, id].join('/')}`;
}

/** Where the cgroups of a container of this user are whose record cannot be read. */
export function defaultCgroup(id: string): string {
  return `${cgroupBase()}${cgroupPath(id)}`;
}

function cgroupBase(): string {
  try {
    return native().cgroupBase();
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_CGROUP');
  }
}

/** Where a container's cgroups are, below the root of each hierarchy. */
export function cgroupOf({ request }: Pick<ContainerConfig, 'request'>): string {
  return request.spec.linux.cgroupsPath;
}
