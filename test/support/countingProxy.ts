import { once } from 'node:events';
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A way to a registry on which one sees what is asked for, and can stop what is sent. */
export class CountingProxy {
  host = '';
  /** `METHOD path` of all requests in order; digests are shortened and ids of uploads left out. */
  seen: string[] = [];
  /** While it is set, bodies of requests are not passed on: an upload that takes for ever. */
  stalls = false;
  readonly #target: string;
  readonly #server = createServer((incoming, response) => this.#pass(incoming, response));

  private constructor(target: string) {
    this.#target = target;
  }

  /** @param target host and port of the registry */
  static async start(target: string): Promise<CountingProxy> {
    const proxy = new CountingProxy(target);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    proxy.host = `127.0.0.1:${(proxy.#server.address() as AddressInfo).port}`;
    return proxy;
  }

  /** Requests that send something: uploads and manifests. */
  get sent(): string[] {
    return this.seen.filter((line) => /^(POST|PUT|PATCH) /.test(line));
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  #pass(incoming: IncomingMessage, response: ServerResponse): void {
    const { method = '', url = '', headers } = incoming;
    const path = url.replace(/(uploads\/)[^?]+.*/, '$1ID').replaceAll(/sha256(:|%3A)([0-9a-f]{6})[0-9a-f]*/g, '$2');
    this.seen.push(`${method} ${path}`);
    if (this.stalls && Number(headers['content-length'] ?? 0) > 0) return;
    // The Host header stays: the registry then answers with places that lead through here.
    const outgoing = request({
      host: this.#target.split(':')[0],
      port: this.#target.split(':')[1],
      method,
      path: url,
      headers,
    });
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    incoming.on('error', () => outgoing.destroy());
    incoming.pipe(outgoing);
  }
}
