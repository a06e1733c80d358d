import { RcxError } from '../errors.ts';

/** What the addon puts on the errors it throws, see `crates/node/src/error.rs`. */
interface NativeFields {
  code?: unknown;
  step?: unknown;
  path?: unknown;
  errno?: unknown;
  hint?: unknown;
}

/**
 * Any thrown value as an {@link RcxError}: the addon's errors keep their fields, errors of `node:fs` their errno.
 * @param fallback code for errors that carry no `ERR_RCX_*` code of their own
 */
export function toRcxError(error: unknown, fallback: string): RcxError {
  if (error instanceof RcxError) return error;
  if (!(error instanceof Error)) return new RcxError(String(error), { code: fallback });
  const { code, step, path, errno, hint } = error as Error & NativeFields;
  const system = text(code);
  const ours = system?.startsWith('ERR_RCX_') === true;
  const symbolic = ours ? text(errno) : system !== undefined && /^E[A-Z0-9]+$/.test(system) ? system : undefined;
  return new RcxError(error.message, {
    code: ours && system !== undefined ? system : fallback,
    step: text(step),
    path: text(path),
    errno: symbolic,
    hint:
      text(hint) ??
      (symbolic === 'ENOSPC' || symbolic === 'EDQUOT' ? 'free some space on the file system of the store' : undefined),
    cause: error,
  });
}

/**
 * A failure of the disk with what was done, and to what: `write a blob: /var/lib/rcx/…: no space left on device (ENOSPC)`. What
 * has been explained already passes unchanged.
 */
export function fileFailure(step: string, path: string, error: unknown): RcxError {
  if (error instanceof RcxError) return error;
  const cause = toRcxError(error, 'ERR_RCX_STORE');
  const { code, errno, hint } = cause;
  // node:fs says `ENOSPC: no space left on device, write`.
  const [, words] = /^E[A-Z0-9]+: (.+?), [a-z]+( |$)/.exec(cause.message) ?? [];
  const reason = words === undefined ? cause.message : `${words} (${errno})`;
  return new RcxError(`${step}: ${path}: ${reason}`, { code, step, path, errno, hint, cause });
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
