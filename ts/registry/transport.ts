import { type IncomingHttpHeaders, type IncomingMessage, Agent as PlainAgent } from 'node:http';
import { Agent as SecureAgent } from 'node:https';
import { discard } from './body.ts';
import { exchange, type RequestBody, type Timeouts } from './exchange.ts';
import { aborted } from './failure.ts';
import { proxyFor } from './proxy.ts';
import { isRedirect, MAX_REDIRECTS, redirectTarget, tooManyRedirects } from './redirect.ts';
import { proxyAuthorization, tunnelAgent } from './tunnel.ts';

export const DEFAULT_TIMEOUTS: Timeouts = { connect: 15_000, headers: 60_000, idle: 60_000, document: 180_000 };

export interface HttpRequest {
  method?: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | undefined;
  /** Names in lower case. */
  headers?: Record<string, string>;
  body?: string | RequestBody | undefined;
  signal?: AbortSignal | undefined;
  /** Milliseconds; in place of {@link Timeouts.headers}. */
  headersTimeout?: number;
}

export interface HttpResponse {
  status: number;
  headers: IncomingHttpHeaders;
  body: IncomingMessage;
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
  readonly #agents = new Map<string, PlainAgent>();
  #closed = false;

  constructor(env: NodeJS.ProcessEnv, timeouts: Timeouts, isInsecure: IsInsecure) {
    this.#env = env;
    this.#timeouts = timeouts;
    this.#isInsecure = isInsecure;
  }

  /** Sends one request and follows redirects of a GET or HEAD; rejects with the network's own error. */
  async request(url: URL, request: HttpRequest): Promise<HttpResponse> {
    let target = url;
    let headers: Record<string, string> = { 'user-agent': 'rcx', 'accept-encoding': 'identity', ...request.headers };
    let fromOrigin = true;
    for (let hops = 0; ; hops++) {
      const body = await this.#send(target, { ...request, headers });
      const status = body.statusCode ?? 0;
      if (!isSafe(request.method) || !isRedirect(status)) {
        return { status, headers: body.headers, body, url: target, fromOrigin };
      }
      await discard(body);
      if (hops === MAX_REDIRECTS) throw tooManyRedirects(url);
      const next = redirectTarget(target, body.headers.location, this.#isInsecure);
      if (next.origin !== target.origin) {
        fromOrigin = false;
        const { authorization: _kept, ...harmless } = headers;
        headers = harmless;
      }
      target = next;
    }
  }

  /** Ends all connections; requests still under way fail. */
  close(): void {
    this.#closed = true;
    for (const agent of this.#agents.values()) agent.destroy();
    this.#agents.clear();
  }

  async #send(url: URL, request: HttpRequest): Promise<IncomingMessage> {
    const { method, headers, body, signal, headersTimeout } = request;
    if (signal?.aborted) throw aborted(signal.reason);
    if (this.#closed) throw aborted(new Error('the registry client is closed'));
    const route = this.#route(url);
    return await exchange({
      ...route,
      method: method ?? 'GET',
      headers: { ...headers, ...route.headers },
      body,
      rejectUnauthorized: !this.#isInsecure(url),
      timeouts: { ...this.#timeouts, headers: headersTimeout ?? this.#timeouts.headers },
      signal,
    });
  }

  /** Directly, through a tunnel, or, where there is nothing to keep secret, as a request to the proxy itself. */
  #route(url: URL): Route {
    const proxy = proxyFor(url, this.#env);
    const path = `${url.pathname}${url.search}`;
    const headers = { host: url.host };
    if (proxy === undefined) return { server: url, path, headers, agent: this.#agent(url, undefined) };
    if (url.protocol === 'https:') return { server: url, path, headers, agent: this.#agent(url, proxy) };
    const login = proxyAuthorization(proxy);
    return {
      server: proxy,
      path: `${url.origin}${path}`,
      headers: { ...headers, ...login },
      agent: this.#agent(proxy, undefined),
    };
  }

  /** Connections are kept for further requests: a pull makes many to one server. */
  #agent(server: URL, proxy: URL | undefined): PlainAgent {
    const key = `${server.protocol} ${proxy?.href ?? ''}`;
    const known = this.#agents.get(key);
    if (known !== undefined) return known;
    const agent = this.#newAgent(server, proxy);
    this.#agents.set(key, agent);
    return agent;
  }

  #newAgent(server: URL, proxy: URL | undefined): PlainAgent {
    if (server.protocol === 'http:') return new PlainAgent({ keepAlive: true });
    const agent = new SecureAgent({ keepAlive: true });
    return proxy === undefined ? agent : tunnelAgent(agent, proxy, this.#timeouts.connect);
  }
}

/** What can be asked of another server instead without changing anything there (RFC 9110 §9.2.1). */
function isSafe(method: HttpRequest['method'] = 'GET'): boolean {
  return method === 'GET' || method === 'HEAD';
}

/** Whom to send a request to, and how to write its target there. */
interface Route {
  server: URL;
  path: string;
  headers: Record<string, string>;
  agent: PlainAgent;
}
