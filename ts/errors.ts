/** What an {@link RcxError} is made of besides its message. */
export interface RcxErrorDetails {
  /** Stable machine-readable code, e.g. `ERR_RCX_IMAGE_NOT_FOUND`; never renamed once released. */
  code: string;
  /** What was being done: `pull`, `mount the overlay`. */
  step?: string | undefined;
  /** The object it was done to: a path, a reference, a URL. */
  path?: string | undefined;
  /** Symbolic errno (`ENOENT`) where the kernel refused. */
  errno?: string | undefined;
  /** What the reader can do about it, one sentence. */
  hint?: string | undefined;
  cause?: unknown;
}

/**
 * The one error class of rcx. `message` is a single line that says what failed and where; `hint` says what to do.
 */
export class RcxError extends Error {
  override readonly name = 'RcxError';
  readonly code: string;
  readonly step: string | undefined;
  readonly path: string | undefined;
  readonly errno: string | undefined;
  readonly hint: string | undefined;

  constructor(message: string, details: RcxErrorDetails) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = details.code;
    this.step = details.step;
    this.path = details.path;
    this.errno = details.errno;
    this.hint = details.hint;
  }
}

/** Narrowing helper: `isRcxError(e, 'ERR_RCX_IMAGE_NOT_FOUND')`. */
export function isRcxError(error: unknown, code?: string): error is RcxError {
  return error instanceof RcxError && (code === undefined || error.code === code);
}
