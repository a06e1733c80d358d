import { isRcxError, RcxError } from '../errors.ts';
import { refusal, type Subject } from './answer.ts';
import type { Authorizer } from './authorizer.ts';
import { discard } from './body.ts';
import { type Endpoint, endpointName } from './endpoint.ts';
import { inContext, networkFailure, Transient } from './failure.ts';
import { type SchemeProbe, unlessAborted } from './scheme.ts';
import type { HttpRequest, HttpResponse, Transport } from './transport.ts';

interface RequestOptions extends Pick<HttpRequest, 'method' | 'body'> {
  headers: Record<string, string>;
  signal: AbortSignal | undefined;
}

type GetOptions = RequestOptions & { method?: 'GET' | 'HEAD' };

/** What to ask a server for: the parts of a URL that do not say which server it is. */
export interface Target {
  pathname: string;
  /** Empty, or with its question mark. */
  search: string;
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
  get(
    endpoint: Endpoint,
    path: string,
    subject: Subject,
    accepted: readonly number[],
    options: GetOptions,
  ): Promise<HttpResponse> {
    const target = { pathname: `/v2/${endpoint.repository}/${path}`, search: '' };
    return this.requestAt(endpoint, target, subject, accepted, options);
  }

  /** The same for any other path on the endpoint's server, with any method; or for where an earlier answer led. */
  async requestAt(
    endpoint: Endpoint,
    target: Target | URL,
    subject: Subject,
    accepted: readonly number[],
    options: RequestOptions,
  ): Promise<HttpResponse> {
    try {
      const ask = (base: URL) => this.#authorized(base, endpoint, target, options);
      const response = await this.#scheme.ask(endpoint, ask, options.signal);
      if (accepted.includes(response.status)) return response;
      throw this.#explain(endpoint, await refusal(subject, response));
    } catch (cause) {
      // Whoever follows redirects does not know what for.
      if (isRcxError(cause, 'ERR_RCX_BAD_REDIRECT')) throw inContext(cause, subject.name);
      throw networkFailure(subject.name, endpointName(endpoint), cause, options.signal);
    }
  }

  /** GETs a path with no login at all; answers of any status are returned. Rejects with the network's own error. */
  async getAnonymously(endpoint: Endpoint, target: Target, options: GetOptions): Promise<HttpResponse> {
    const ask = (base: URL) => this.#send(urlOf(base, target), undefined, options);
    return this.#scheme.ask(endpoint, ask, options.signal);
  }

  async #authorized(
    base: URL,
    endpoint: Endpoint,
    target: Target | URL,
    options: RequestOptions,
  ): Promise<HttpResponse> {
    const { signal } = options;
    const url = target instanceof URL ? target : urlOf(base, target);
    // The login is for the registry alone, whomever it has things uploaded to.
    if (url.origin !== base.origin) return await this.#send(url, undefined, options);
    const known = this.#authorizer.current(base, endpoint);
    const response = await this.#send(url, known, options);
    // A 401 from where a redirect led is not the registry's question: answering it would give the login away.
    if (response.status !== 401 || !response.fromOrigin) return response;
    await discard(response.body);
    const answer = await unlessAborted(this.#authorizer.answer(base, endpoint, response, known), signal);
    return answer === undefined ? response : this.#send(url, answer, options);
  }

  #send(url: URL, authorization: string | undefined, { headers, ...options }: RequestOptions): Promise<HttpResponse> {
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

/** Set and not resolved: a path that begins with two slashes would name another host. */
function urlOf(base: URL, { pathname, search }: Target): URL {
  return Object.assign(new URL(base), { pathname, search });
}
