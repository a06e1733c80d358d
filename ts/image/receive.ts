import { isRcxError } from '../errors.ts';
import type { Descriptor } from '../oci/types.ts';

/**
 * Receives a blob by `attempt`; once more, from its start, if it was put together of several answers and is not what its digest
 * says: caches and captive portals answer with something else for a while, and some servers do not count ranges right.
 * @param attempt is to call `onResume` when a download goes on that had broken
 * @throws what the last attempt threw
 */
export async function receive<T>(
  { digest }: Pick<Descriptor, 'digest'>,
  attempt: (onResume: () => void) => Promise<T>,
): Promise<T> {
  let resumed = false;
  try {
    return await attempt(() => {
      resumed = true;
    });
  } catch (error) {
    if (!resumed || !isRcxError(error, 'ERR_RCX_DIGEST_MISMATCH') || error.path !== digest) throw error;
    return await attempt(() => undefined);
  }
}
