import { RcxError } from '../errors.ts';
import { plain } from '../oci/quote.ts';

/** Codes for a connection that worked and then broke; the next one may not. */
const PASSING = new Set([
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ERR_RCX_TIMEOUT_HEADERS',
  'ERR_RCX_TIMEOUT_IDLE',
]);

const WORDS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'network unreachable',
  ENOTFOUND: 'no such host',
  EAI_AGAIN: 'the host name could not be looked up',
  ETIMEDOUT: 'timed out',
  EPIPE: 'connection closed',
  ERR_RCX_TIMEOUT_CONNECT: 'no connection within the time limit',
  ERR_RCX_TIMEOUT_HEADERS: 'no answer within the time limit',
  TimeoutError: 'no complete answer within the time limit',
  ERR_RCX_TIMEOUT_IDLE: 'no further data within the time limit',
};

/** The symbolic code of a network error, looked for in its causes too. */
function codeOf(cause: unknown): string | undefined {
  if (!(cause instanceof Error)) return undefined;
  if (cause.name === 'TimeoutError') return 'TimeoutError';
  const { code } = cause as NodeJS.ErrnoException;
  if (typeof code === 'string') return code;
  if (cause instanceof AggregateError) return codeOf(cause.errors[0]);
  return codeOf(cause.cause);
}

/** Whether a network error means that the server speaks something else than TLS: plain HTTP, most likely. */
export function speaksNoTls(cause: unknown): boolean {
  if (!(cause instanceof Error)) return false;
  const { code } = cause as NodeJS.ErrnoException;
  // OpenSSL takes the first bytes of the answer for a version or a length.
  const said = /wrong.version.number|packet.length.too.long/i.test(`${code} ${cause.message}`);
  return said || speaksNoTls(cause.cause);
}

/** The caller's AbortSignal fired. */
export function aborted(cause: unknown): RcxError {
  return new RcxError('the transfer was cancelled', { code: 'ERR_RCX_ABORTED', step: 'registry request', cause });
}

/** A failure that may pass: thrown inside an attempt, never seen by callers of the registry. */
export class Transient {
  readonly error: RcxError;
  /** Milliseconds the server asked to wait. */
  readonly retryAfter: number | undefined;

  constructor(error: RcxError, retryAfter?: number) {
    this.error = error;
    this.retryAfter = retryAfter;
  }
}

/**
 * The registry's error for a failure below HTTP; those that have been explained already pass unchanged.
 * @param what the image, blob or token that was asked for
 * @param where the server it was asked from
 * @param signal what may have ended the request: the caller, or a time limit, which counts as the server's failure
 */
export function networkFailure(
  what: string,
  where: string,
  cause: unknown,
  signal: AbortSignal | undefined,
): RcxError | Transient {
  if (signal?.aborted && codeOf(signal.reason) !== 'TimeoutError') return aborted(cause);
  if (cause instanceof RcxError || cause instanceof Transient) return cause;
  const error = unreachable(what, where, cause);
  return PASSING.has(codeOf(cause) ?? '') ? new Transient(error) : error;
}

function unreachable(what: string, where: string, cause: unknown): RcxError {
  const code = codeOf(cause);
  const reason = speaksNoTls(cause)
    ? 'it speaks no TLS'
    : (WORDS[code ?? ''] ?? plain(cause instanceof Error ? cause.message : String(cause)));
  const errno = code !== undefined && /^E[A-Z]/.test(code) && !code.startsWith('ERR_') ? code : undefined;
  return new RcxError(`${what}: cannot reach ${where}: ${reason}${errno === undefined ? '' : ` (${errno})`}`, {
    code: 'ERR_RCX_REGISTRY_UNAVAILABLE',
    step: 'registry request',
    path: where,
    errno,
    hint: unreachableHint(code, cause),
    cause,
  });
}

function unreachableHint(code: string | undefined, cause: unknown): string {
  if (speaksNoTls(cause)) {
    return 'if it is meant to be reached by plain HTTP, set "insecure": true for it in /etc/rcx/config.json.';
  }
  return isCertificateProblem(code)
    ? 'if the registry uses a private certificate authority, set NODE_EXTRA_CA_CERTS to its PEM file; for a test registry set "insecure": true in /etc/rcx/config.json.'
    : 'check that the registry runs and the network reaches it (HTTPS_PROXY, NO_PROXY, mirrors in /etc/rcx/config.json).';
}

/** Signed URLs carry secrets in the query, which do not belong in messages and logs. */
export function withoutQuery(url: URL): string {
  return plain(`${url.origin}${url.pathname}`, 300);
}

/** The same error with more said in front of its message. */
export function inContext(error: RcxError, prefix: string): RcxError {
  const { code, step, path, errno, hint } = error;
  return new RcxError(`${prefix}: ${error.message}`, { code, step, path, errno, hint, cause: error });
}

function isCertificateProblem(code: string | undefined): boolean {
  return code !== undefined && /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|ERR_TLS/.test(code);
}
