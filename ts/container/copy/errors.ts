import { RcxError } from '../../errors.ts';
import { type ByteString, readable } from '../../layer/errors.ts';
import { toRcxError } from '../../store/nativeError.ts';

const STEP = 'cp';

/** What was asked for is none. */
export function invalidCopy(what: string, hint?: string): RcxError {
  return new RcxError(`${STEP}: ${what}`, { code: 'ERR_RCX_INVALID_OPTION', step: STEP, hint });
}

/** Something stands in the way. */
export function refusedCopy(what: string, path?: ByteString, hint?: string): RcxError {
  const shown = path === undefined ? undefined : readable(path);
  const where = shown === undefined ? '' : `${shown}: `;
  return new RcxError(`${STEP}: ${where}${what}`, { code: 'ERR_RCX_COPY', step: STEP, path: shown, hint });
}

/** Docker's words. */
export function notInContainer(path: ByteString, container: string): RcxError {
  return new RcxError(`${STEP}: Could not find the file ${readable(path)} in container ${container}`, {
    code: 'ERR_RCX_COPY_NOT_FOUND',
    step: STEP,
    path: readable(path),
    errno: 'ENOENT',
  });
}

/**
 * Runs `body` and turns what the addon throws, and what the reader of archives throws, into errors of this command.
 * @throws those, and the signal's reason as it is
 */
export async function reported<T>(body: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  try {
    return await body();
  } catch (error) {
    if (signal?.aborted === true && error === signal.reason) throw error;
    throw copyFailure(error);
  }
}

/** A failure of the addon, or of an archive, as one of this command. */
function copyFailure(error: unknown): RcxError {
  const cause = toRcxError(error, 'ERR_RCX_COPY');
  const { code, path, errno, hint, message } = cause;
  if (code === 'ERR_RCX_LAYER_INVALID') {
    // Its hint speaks of images.
    const details = { code: 'ERR_RCX_ARCHIVE_INVALID', step: STEP, path, cause };
    return new RcxError(`${STEP}: read the archive: ${message}`, { ...details, hint: 'give a whole tar archive' });
  }
  if (error instanceof RcxError) return error;
  return new RcxError(`${STEP}: ${message}`, { code, step: STEP, path, errno, hint, cause });
}

/** Files that somebody changed while they were copied. */
export class ChangedFiles {
  #first: string | undefined;
  #count = 0;

  add(path: ByteString, change: 'shrank' | 'grew'): void {
    const what =
      change === 'shrank' ? 'became shorter: its end is filled with zeros' : 'became longer: its end is missing';
    this.#first ??= `${readable(path)}: it ${what}`;
    this.#count++;
  }

  /** @throws ERR_RCX_COPY_CHANGED if there was any */
  check(): void {
    if (this.#first === undefined) return;
    const more = this.#count > 1 ? ` (and ${this.#count - 1} more files)` : '';
    throw new RcxError(`${STEP}: file changed as it was read: ${this.#first}${more}`, {
      code: 'ERR_RCX_COPY_CHANGED',
      step: STEP,
      hint: 'all else is copied; pause or stop the container for files that fit together',
    });
  }
}
