import { native, type TreeSize } from '../native/index.ts';
import { toRcxError } from './nativeError.ts';

/**
 * What a file or directory tree takes on the disk; nothing for what does not exist. It is counted off the event loop.
 * @throws ERR_RCX_MEASURE
 */
export async function measure(path: string): Promise<TreeSize> {
  try {
    return await native().measureTree(path);
  } catch (error) {
    throw toRcxError(error, 'ERR_RCX_MEASURE');
  }
}
