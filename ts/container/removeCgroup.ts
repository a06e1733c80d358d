import { native } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';

/**
 * Kills whatever is in a container's cgroups, also if it stands still, and removes them; there may be none.
 * @param path below the hierarchies, see {@link cgroupOf}
 * @throws ERR_RCX_CGROUP
 */
export function removeCgroup(path: string | undefined): void {
  if (path === undefined) return;
  try {
    native().removeCgroup(path);
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_CGROUP');
  }
}
