import { closeSync, openSync, rmSync, writeSync } from 'node:fs';
import { RcxError } from '../errors.ts';

/**
 * Makes something that has an id, and writes that into a new file: the file is there before, so that nothing is made in vain.
 * @throws ERR_RCX_CID_FILE when it exists, or cannot be made
 */
export async function withCidFile<T>(path: string, make: () => Promise<T>, idOf: (made: T) => string): Promise<T> {
  const file = open(path);
  try {
    const made = await make();
    writeSync(file, idOf(made));
    return made;
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function open(path: string): number {
  try {
    return openSync(path, 'wx', 0o644);
  } catch (cause) {
    const { code: errno, message } = cause as NodeJS.ErrnoException;
    const exists = errno === 'EEXIST';
    const step = 'make the container ID file';
    throw new RcxError(`${step}: ${path}: ${exists ? 'it exists already' : message}`, {
      code: 'ERR_RCX_CID_FILE',
      step,
      path,
      errno,
      ...(exists && { hint: "make sure the other container isn't running, or delete the file" }),
      cause,
    });
  }
}
