import { RcxError } from '../errors.ts';
import { refusal, type Subject } from './answer.ts';
import type { Authorizer } from './authorizer.ts';
import { discard } from './body.ts';
import { type Endpoint, endpointName } from './endpoint.ts';
import { networkFailure, Transient } from './failure.ts';
import type { SchemeProbe } from './scheme.ts';
import type { HttpResponse, Transport } from './transport.ts';

interface GetOptions {
  /** `HEAD` asks for the headers alone. */
  method?: 'GET' | 'HEAD';
  headers: Record<string, string>;
  signal: AbortSignal | undefined;
}

/** One request to one endpoint, with whatever login it takes. */
export class Session {
  readonly #transport: Transport;
  readonly #authorizer: Authorizer;
  readonly #scheme: SchemeProbe;

  constructor(transport: Transport, authorizer: Authorizer, scheme: SchemeProbe) {
    this.#transport = transport;
    this.#authorizer = authorizer;
    this.#scheme = scheme;
  }

  /**
   * GETs `/v2/<repository>/<path>`, once, or twice if a login was asked for.
   * @param accepted statuses that count as success
   * @throws RcxError, or {@link Transient} where trying again may help
   */
  async get(
    endpoint: Endpoint,
    path: string,
    subject: Subject,
    accepted: readonly number[],
    options: GetOptions,
  ): Promise<HttpResponse> {
    try {
      const response = await this.#understood(endpoint, path, options);
      if (accepted.includes(response.status)) return response;
      throw this.#explain(endpoint, await refusal(subject, response));
    } catch (cause) {
      throw networkFailure(subject.name, endpointName(endpoint), cause, options.signal);
    }
  }

  /** Again over TLS where the server turns out to speak nothing else: that it was plain HTTP may have been an assumption. */
  async #understood(endpoint: Endpoint, path: string, options: GetOptions): Promise<HttpResponse> {
    let response: HttpResponse;
    try {
      response = await this.#authorized(endpoint, path, options);
    } catch (cause) {
      if (!isGarbled(cause) || !(await this.#scheme.correct(endpoint))) throw cause;
      return await this.#authorized(endpoint, path, options);
    }
    if (response.status !== BAD_REQUEST || !(await this.#scheme.correct(endpoint))) return response;
    await discard(response.body);
    return await this.#authorized(endpoint, path, options);
  }

  async #authorized(endpoint: Endpoint, path: string, options: GetOptions): Promise<HttpResponse> {
    const { signal } = options;
    const base = await unlessAborted(this.#scheme.base(endpoint), signal);
    const url = new URL(`/v2/${endpoint.repository}/${path}`, base);
    const known = this.#authorizer.current(base, endpoint);
    const response = await this.#send(url, known, options);
    // A 401 from where a redirect led is not the registry's question: answering it would give the login away.
    if (response.status !== 401 || !response.fromOrigin) return response;
    await discard(response.body);
    const answer = await unlessAborted(this.#authorizer.answer(base, endpoint, response, known), signal);
    return answer === undefined ? response : this.#send(url, answer, options);
  }

  #send(url: URL, authorization: string | undefined, { headers, ...options }: GetOptions): Promise<HttpResponse> {
    const all = authorization === undefined ? headers : { ...headers, authorization };
    return this.#transport.request(url, { ...options, headers: all });
  }

  #explain(endpoint: Endpoint, failure: RcxError | Transient): RcxError | Transient {
    const problem = this.#authorizer.problem(endpoint);
    if (failure instanceof Transient || problem === undefined) return failure;
    const { message, code, step, path } = failure;
    return new RcxError(`${message}; ${problem.message}`, { code, step, path, hint: problem.hint, cause: problem });
  }
}

/** What web servers answer to plain HTTP on their TLS port. */
const BAD_REQUEST = 400;

/** No HTTP came back: an alert of TLS, or the end of the connection. */
function isGarbled(cause: unknown): boolean {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && (code.startsWith('HPE_') || code === 'ECONNRESET' || code === 'EPIPE');
}

/** Waits for work that others wait for too: it goes on for them when this caller is cancelled. */
async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let stop = (): void => undefined;
  const cancelled = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, cancelled]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
