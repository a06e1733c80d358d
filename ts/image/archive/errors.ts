import { isRcxError, RcxError } from '../../errors.ts';
import { type ByteString, readable } from '../../layer/errors.ts';
import { toRcxError } from '../../store/nativeError.ts';

/** The archive breaks a rule; `member` is the name of the member that does. */
export function invalidArchive(problem: string, member?: ByteString): RcxError {
  const path = member === undefined ? undefined : readable(member);
  return new RcxError(`load: ${path === undefined ? '' : `${path}: `}${problem}`, {
    code: 'ERR_RCX_ARCHIVE_INVALID',
    step: 'load',
    path,
    hint: 'the archive is damaged, was cut short, or is hostile: nothing of it was kept. Save the image again.',
  });
}

/** The archive, or a member of it, is of a kind that rcx does not read. */
export function unsupportedArchive(problem: string, hint: string, member?: ByteString): RcxError {
  const path = member === undefined ? undefined : readable(member);
  return new RcxError(`load: ${path === undefined ? '' : `${path}: `}${problem}`, {
    code: 'ERR_RCX_UNSUPPORTED',
    step: 'load',
    path,
    hint,
  });
}

/** What the reader of layers says of an archive that is none. */
export function asArchiveError(error: unknown): unknown {
  if (!isRcxError(error, 'ERR_RCX_LAYER_INVALID')) return error;
  const { message, path } = error;
  const { code, step, hint } = invalidArchive(message);
  return new RcxError(`load: ${message}`, { code, step, path, hint, cause: error });
}

/** What the archive has could not be written down. */
export function unkept(error: unknown): RcxError {
  const { message, errno, hint, path } = toRcxError(error, 'ERR_RCX_STORE');
  const details = { code: 'ERR_RCX_STORE', step: 'load', path, errno, hint, cause: error };
  return new RcxError(`load: keep the archive in the store: ${message}`, details);
}

/** Somebody called it off. @param step `load`, `save` */
export function cancelled(step: string, cause: unknown): RcxError {
  return new RcxError(`${step}: cancelled`, { code: 'ERR_RCX_ABORTED', step, hint: 'run it again.', cause });
}
