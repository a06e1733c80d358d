import type { Dispatcher } from 'undici';
import { aborted } from './failure.ts';
import { proxyFor } from './proxy.ts';
import { isRedirect, MAX_REDIRECTS, redirectTarget, tooManyRedirects } from './redirect.ts';

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
    // Loaded here, not at the top: starting the CLI must not pay for it.
    const { request } = await import('undici');
    if (signal?.aborted) throw aborted(signal.reason);
    const response = await request(url, {
      method: method ?? 'GET',
      headers: headers ?? {},
      body: body ?? null,
      signal: signal ?? null,
      dispatcher: await this.#dispatcher(url),
      headersTimeout: headersTimeout ?? this.#timeouts.headers,
      bodyTimeout: this.#timeouts.idle,
    });
    // Readers of the body get the error from their iteration; without a listener, a body nobody reads would end the process.
    response.body.on('error', () => undefined);
    return response;
  }

  async #dispatcher(url: URL): Promise<Dispatcher> {
    const proxy = proxyFor(url, this.#env);
    const rejectUnauthorized = !this.#isInsecure(url);
    const key = `${rejectUnauthorized} ${proxy?.href ?? ''}`;
    const { Agent, ProxyAgent } = await import('undici');
    if (this.#closed) throw aborted(new Error('the registry client is closed'));
    const known = this.#dispatchers.get(key);
    if (known !== undefined) return known;
    const tls = { timeout: this.#timeouts.connect, rejectUnauthorized };
    const dispatcher =
      proxy === undefined
        ? new Agent({ connect: tls })
        : new ProxyAgent({ uri: proxy.href, requestTls: tls, proxyTls: { timeout: tls.timeout }, proxyTunnel: false });
    this.#dispatchers.set(key, dispatcher);
    return dispatcher;
  }
}
