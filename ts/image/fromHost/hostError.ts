import { RcxError } from '../../errors.ts';

/** A failed system call on a host file as an {@link RcxError} that names the step, the path and the errno. */
export function errnoOf(error: unknown, step: string, path: string): RcxError {
  const errno = error instanceof Error && 'code' in error ? String(error.code) : undefined;
  const denied = errno === 'EACCES' || errno === 'EPERM';
  return new RcxError(`${step}: ${path}: ${errno ?? String(error)}`, {
    code: 'ERR_RCX_HOST_FILE',
    step,
    path,
    errno,
    hint: denied
      ? 'the calling user may not read this file; leave the program out or run as a user who may.'
      : undefined,
    cause: error,
  });
}
