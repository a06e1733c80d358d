import { RcxError } from '../errors.ts';
import { type Endpoint, endpointName } from './endpoint.ts';
import { aborted } from './failure.ts';

/** How one of the servers that may hold a repository failed. */
export interface EndpointFailure {
  endpoint: Endpoint;
  error: RcxError;
}

/** The failure, if another server may do better; a cancelled transfer and a fault of rcx itself end it all. */
export function nextMayHelp(error: unknown, signal: AbortSignal | undefined): RcxError {
  if (signal?.aborted) throw error instanceof RcxError ? error : aborted(error);
  if (error instanceof RcxError) return error;
  throw error;
}

/** The failure of the registry itself decides the code; those of its mirrors are told too. */
export function summary(failures: readonly EndpointFailure[]): RcxError {
  const upstream = failures.find(({ endpoint }) => !endpoint.isMirror) ?? failures[0];
  if (upstream === undefined) throw new TypeError('no endpoint was tried');
  const mirrors = failures.filter((failure) => failure !== upstream);
  if (mirrors.length === 0) return upstream.error;
  const { message, code, step, path, errno, hint } = upstream.error;
  const told = mirrors.map(({ endpoint, error }) => `mirror ${endpointName(endpoint)}: ${error.message}`).join('; ');
  return new RcxError(`${message} (${told})`, { code, step, path, errno, hint, cause: upstream.error });
}
