import { RcxError } from '../errors.ts';
import { native } from '../native/index.ts';
import { quote } from '../oci/quote.ts';
import { ordinaryUser } from '../rootless/caller.ts';
import { toRcxError } from '../store/nativeError.ts';
import type { CgroupManager } from './options.ts';
import type { ContainerConfig } from './record.ts';
import { cgroupPath } from './spec/build.ts';

/**
 * Where the cgroups of a new container are going to be, below the root of each hierarchy.
 * @param parent Docker's `--cgroup-parent`
 * @returns nothing where an ordinary user has no cgroup of his own to make them in
 * @throws ERR_RCX_INVALID_OPTION for a parent that is no path of a cgroup, ERR_RCX_CGROUP where systemd cannot make any
 */
export function placeCgroup(id: string, parent?: string, manager: CgroupManager = 'cgroupfs'): string | undefined {
  if (manager === 'systemd') return placeScope(id, parent || DEFAULT_SLICE);
  if (!parent) return ordinaryUser() === undefined || cgroupBase() !== '' ? defaultCgroup(id) : undefined;
  const names = parent.split('/').filter((name) => name !== '' && name !== '.');
  // A name of the kernel's own would be a file's.
  const isOdd = (name: string) => name === '..' || !/^[\w.@:\\-]+$/.test(name) || /^cgroup\./.test(name);
  if (names.some(isOdd) || parent.startsWith('/sys/')) {
    throw badParent(parent, 'is no path of a cgroup', 'give one below the root of the hierarchies, as /machines/web');
  }
  const base = parent.startsWith('/') ? '' : cgroupBase();
  return `${base}/${[...names, id].join('/')}`;
}

/** Where systemd's own services are. */
const DEFAULT_SLICE = 'system.slice';

/** `a-b.slice` is in `a.slice` (systemd.slice(5)). The core knows a scope by its path. */
function placeScope(id: string, slice: string): string {
  if (!/^(-|[A-Za-z0-9_.:@]+(-[A-Za-z0-9_.:@]+)*)\.slice$/.test(slice) || slice.length > 128) {
    throw badParent(slice, 'is no slice of systemd', 'give the name of one, as machine.slice, without a path');
  }
  try {
    native().checkSystemd();
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_CGROUP');
  }
  const parts = slice === '-.slice' ? [] : slice.slice(0, -'.slice'.length).split('-');
  const slices = parts.map((_, at) => `${parts.slice(0, at + 1).join('-')}.slice`);
  return `/${[...slices, `rcx-${id}.scope`].join('/')}`;
}

function badParent(parent: string, problem: string, hint: string): RcxError {
  const step = "place the container's cgroup";
  const message = `${step}: --cgroup-parent ${quote(parent)} ${problem}`;
  return new RcxError(message, { code: 'ERR_RCX_INVALID_OPTION', step, path: parent, hint });
}

/** Where the cgroups of a container of this user are unless it was asked for another place, or its record cannot be read. */
export function defaultCgroup(id: string): string {
  return `${cgroupBase()}${cgroupPath(id)}`;
}

/** What containers' cgroups are made below: empty for the hierarchies' roots, which are root's alone. @throws ERR_RCX_CGROUP */
export function cgroupBase(): string {
  try {
    return native().cgroupBase();
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_CGROUP');
  }
}

/** Where a container's cgroups are, below the root of each hierarchy; nothing when it has none. */
export function cgroupOf({ request }: Pick<ContainerConfig, 'request'>): string | undefined {
  return request.spec.linux.cgroupsPath;
}

/** How an ordinary user comes to have cgroups. */
export const TO_HAVE_CGROUPS =
  'an ordinary user has cgroups where systemd has delegated one to him, on cgroup v2: log in by ssh or at a terminal, or start rcx with systemd-run --user --scope -p Delegate=yes';
export const NO_CGROUP_HINT = `${TO_HAVE_CGROUPS}; see: rcx doctor`;
