import { native } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { cgroupPath } from './spec/build.ts';

/**
 * Kills whatever is in a container's cgroups, also if it stands still, and removes them; there may be none.
 * @throws ERR_RCX_CGROUP
 */
export function removeCgroup(id: string): void {
  try {
    native().removeCgroup(cgroupPath(id));
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_CGROUP');
  }
}
