import type { Dispatcher } from 'undici';
import { aborted } from './failure.ts';
import { proxyFor } from './proxy.ts';
import { isRedirect, MAX_REDIRECTS, redirectTarget, tooManyRedirects } from './redirect.ts';
import { proxyAuthorization, tunnelConnector } from './tunnel.ts';

/** Milliseconds. */
export interface Timeouts {
  connect: number;
  /** From the request to the first byte of the answer. */
  headers: number;
  /** Between two pieces of the answer; a slow reader on this side does not count. */
  idle: number;
  /** For a whole manifest or token, however slowly it drips. */
  document: number;
}

export const DEFAULT_TIMEOUTS: Timeouts = { connect: 15_000, headers: 60_000, idle: 60_000, document: 180_000 };

export interface HttpRequest {
  method?: 'GET' | 'POST';
  /** Names in lower case. */
  headers?: Record<string, string>;
  body?: string;
  signal?: AbortSignal | undefined;
  /** Milliseconds; in place of {@link Timeouts.headers}. */
  headersTimeout?: number;
}

export interface HttpResponse {
  status: number;
  headers: Dispatcher.ResponseData['headers'];
  body: Dispatcher.ResponseData['body'];
  /** Where the answer came from in the end. */
  url: URL;
  /** False after a redirect to another origin: whoever answered is not the one that was asked. */
  fromOrigin: boolean;
}

/** How far a host is trusted without a certificate. */
export type IsInsecure = (url: URL) => boolean;

/** HTTP as a registry client needs it: proxies, redirects that leak nothing, timeouts. Answers of any status are returned. */
export class Transport {
  readonly #env: NodeJS.ProcessEnv;
  readonly #timeouts: Timeouts;
  readonly #isInsecure: IsInsecure;
  readonly #dispatchers = new Map<string, Dispatcher>();
  #closed = false;

  constructor(env: NodeJS.ProcessEnv, timeouts: Timeouts, isInsecure: IsInsecure) {
    this.#env = env;
    this.#timeouts = timeouts;
    this.#isInsecure = isInsecure;
  }

  /** Sends one request and follows redirects of a GET; rejects with the network's own error. */
  async request(url: URL, request: HttpRequest): Promise<HttpResponse> {
    let target = url;
    let headers: Record<string, string> = { 'user-agent': 'rcx', 'accept-encoding': 'identity', ...request.headers };
    let fromOrigin = true;
    for (let hops = 0; ; hops++) {
      const response = await this.#send(target, { ...request, headers });
      if ((request.method ?? 'GET') !== 'GET' || !isRedirect(response.statusCode)) {
        const { statusCode: status, body } = response;
        return { status, headers: response.headers, body, url: target, fromOrigin };
      }
      await response.body.dump();
      if (hops === MAX_REDIRECTS) throw tooManyRedirects(url);
      const next = redirectTarget(target, response.headers.location, this.#isInsecure);
      if (next.origin !== target.origin) {
        fromOrigin = false;
        const { authorization: _kept, ...harmless } = headers;
        headers = harmless;
      }
      target = next;
    }
  }

  /** Ends all connections; requests still under way fail. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#dispatchers.values()].map((dispatcher) => dispatcher.destroy()));
    this.#dispatchers.clear();
  }

  async #send(
    url: URL,
    { method, headers, body, signal, headersTimeout }: HttpRequest,
  ): Promise<Dispatcher.ResponseData> {
    if (signal?.aborted) throw aborted(signal.reason);
    const { dispatcher, ...target } = await this.#route(url);
    const response = await dispatcher.request({
      ...target,
      method: method ?? 'GET',
      headers: { ...headers, ...target.headers },
      body: body ?? null,
      signal: signal ?? null,
      headersTimeout: headersTimeout ?? this.#timeouts.headers,
      bodyTimeout: this.#timeouts.idle,
    });
    // Readers of the body get the error from their iteration; without a listener, a body nobody reads would end the process.
    response.body.on('error', () => undefined);
    return response;
  }

  /** Directly, through a tunnel, or, where there is nothing to keep secret, as a request to the proxy itself. */
  async #route(url: URL): Promise<Route> {
    const proxy = proxyFor(url, this.#env);
    const direct = { origin: url.origin, path: `${url.pathname}${url.search}`, headers: {} };
    if (proxy === undefined) return { ...direct, dispatcher: await this.#dispatcher(url, undefined) };
    if (url.protocol === 'https:') return { ...direct, dispatcher: await this.#dispatcher(url, proxy) };
    const headers = { host: url.host, ...proxyAuthorization(proxy) };
    const dispatcher = await this.#dispatcher(proxy, undefined);
    return { origin: proxy.origin, path: `${url.origin}${direct.path}`, headers, dispatcher };
  }

  async #dispatcher(url: URL, proxy: URL | undefined): Promise<Dispatcher> {
    const tls = { timeout: this.#timeouts.connect, rejectUnauthorized: !this.#isInsecure(url) };
    const key = `${tls.rejectUnauthorized} ${proxy?.href ?? ''}`;
    // Loaded here, not at the top: starting the CLI must not pay for it.
    const { Agent } = await import('undici');
    if (this.#closed) throw aborted(new Error('the registry client is closed'));
    const known = this.#dispatchers.get(key);
    if (known !== undefined) return known;
    const dispatcher = new Agent({ connect: proxy === undefined ? tls : tunnelConnector(proxy, tls) });
    this.#dispatchers.set(key, dispatcher);
    return dispatcher;
  }
}

/** Whom to send a request to, and how to write its target there. */
interface Route {
  dispatcher: Dispatcher;
  origin: string;
  path: string;
  headers: Record<string, string>;
}
