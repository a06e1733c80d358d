import { once } from 'node:events';
import {
  createServer,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
  request as sendRequest,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

/** What the proxy says in place of the registry. */
export interface OwnAnswer {
  status: number;
  headers?: Record<string, string>;
  body?: string;
}

/** What goes wrong with one request; several things can. Numbers are bytes of a body. */
export interface Fault {
  answer?: OwnAnswer;
  /** Is awaited before the registry gets the request. */
  meanwhile?: () => Promise<unknown>;
  /** The connection breaks when the registry has got so much of what is sent. */
  cutRequest?: number;
  /** This byte of what is sent arrives as another. */
  corruptRequest?: number;
  /** All is sent, whatever range was asked for. */
  ignoreRange?: true;
  /** Headers of the answer that are other than the registry's. */
  headers?: Record<string, string>;
  /** `Content-Length` is so much more than the body; less if negative. */
  extraLength?: number;
  /** The connection breaks after so much of the answer; at 0, before its head. */
  cut?: number;
  /** Nothing more comes after so much of the answer, and the connection stays. */
  stall?: number;
  corrupt?: number;
  /** The answer comes in pieces of this size. */
  drip?: { bytes: number; milliseconds: number };
}

/** A request that came by. */
export interface Exchange {
  /** Method and path, with its query. */
  line: string;
  headers: IncomingHttpHeaders;
  /** Of the answer; 0 where the connection broke before there was one. */
  status: number;
  /** Bytes of body from the client. */
  received: number;
  /** Bytes of body to the client. */
  sent: number;
}

/** A reverse proxy on loopback that passes everything on to a registry, but for its faults. */
export class FaultProxy {
  readonly exchanges: Exchange[] = [];
  /** Sees each request before the registry does; its answer, if there is one, ends the request. */
  guard: ((request: IncomingMessage) => OwnAnswer | undefined) | undefined;
  host = '';
  readonly #upstream: string;
  #faults: { pattern: RegExp; fault: Fault; left: number }[] = [];
  readonly #server = createServer((request, response) => {
    // Connections that break are what this is for.
    this.#serve(request, response).catch(() => response.destroy());
  });

  /** @param upstream host and port of the registry */
  constructor(upstream: string) {
    this.#upstream = upstream;
  }

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** Has the next `times` requests whose line matches go wrong; a request takes the first fault that is for it. */
  inject(pattern: RegExp, fault: Fault, times = 1): void {
    this.#faults.push({ pattern, fault, left: times });
  }

  /** Ends all faults; returns how many nothing has met with. */
  heal(): number {
    const unmet = this.#faults.reduce((sum, { left }) => sum + left, 0);
    this.#faults = [];
    return unmet;
  }

  matching(pattern: RegExp): Exchange[] {
    return this.exchanges.filter(({ line }) => pattern.test(line));
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '', headers } = request;
    const exchange: Exchange = { line: `${method} ${url}`, headers, status: 0, received: 0, sent: 0 };
    this.exchanges.push(exchange);
    const refusal = this.guard?.(request);
    const fault = refusal === undefined ? this.#take(exchange.line) : { answer: refusal };
    await fault.meanwhile?.();
    if (fault.answer !== undefined) {
      exchange.status = fault.answer.status;
      response.writeHead(fault.answer.status, fault.answer.headers).end(fault.answer.body);
      return;
    }
    const answer = await this.#ask(request, exchange, fault);
    if (answer === undefined || fault.cut === 0) {
      request.socket.destroy();
      return;
    }
    response.once('close', () => answer.destroy());
    await respond(answer, response, exchange, fault);
  }

  #take(line: string): Fault {
    const found = this.#faults.find(({ pattern }) => pattern.test(line));
    if (found === undefined) return {};
    found.left--;
    this.#faults = this.#faults.filter(({ left }) => left > 0);
    return found.fault;
  }

  /** Passes the request on. @returns the registry's answer; `undefined` if the connection broke before there was one */
  async #ask(request: IncomingMessage, exchange: Exchange, fault: Fault): Promise<IncomingMessage | undefined> {
    const [host, port] = this.#upstream.split(':');
    const { range, ...others } = request.headers;
    const headers = range === undefined || fault.ignoreRange ? others : { ...others, range };
    // A connection for each: what breaks one request must not break another.
    const forward = sendRequest({ host, port, method: request.method, path: request.url, headers, agent: false });
    const answered = once(forward, 'response') as Promise<[IncomingMessage]>;
    answered.catch(() => undefined);
    for await (const chunk of request as AsyncIterable<Buffer>) {
      const at = exchange.received;
      exchange.received += chunk.length;
      flip(chunk, at, fault.corruptRequest);
      if (fault.cutRequest !== undefined && exchange.received >= fault.cutRequest) {
        const last = chunk.subarray(0, fault.cutRequest - at);
        await new Promise((resolve) => forward.write(last, resolve));
        forward.destroy();
        return undefined;
      }
      if (!forward.write(chunk)) await Promise.race([once(forward, 'drain'), answered]);
    }
    forward.end();
    const [answer] = await answered;
    return answer;
  }
}

async function respond(
  answer: IncomingMessage,
  response: ServerResponse,
  exchange: Exchange,
  { headers = {}, extraLength = 0, cut, stall, corrupt, drip }: Fault,
): Promise<void> {
  exchange.status = answer.statusCode ?? 0;
  const length = answer.headers['content-length'];
  const announced = length === undefined ? {} : { 'content-length': String(Number(length) + extraLength) };
  response.writeHead(exchange.status, { ...answer.headers, ...announced, ...headers });
  const most = cut ?? stall ?? Number.POSITIVE_INFINITY;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    flip(chunk, exchange.sent, corrupt);
    const bytes = chunk.subarray(0, most - exchange.sent);
    for (let at = 0; at < bytes.length; at += drip?.bytes ?? bytes.length) {
      const piece = drip === undefined ? bytes : bytes.subarray(at, at + drip.bytes);
      exchange.sent += piece.length;
      await new Promise((resolve) => response.write(piece, resolve));
      if (drip !== undefined) await sleep(drip.milliseconds);
    }
    if (exchange.sent >= most) break;
  }
  if (stall !== undefined) return;
  if (cut !== undefined || extraLength !== 0) response.socket?.destroySoon();
  else response.end();
}

function flip(chunk: Buffer, start: number, at = -1): void {
  if (at >= start && at < start + chunk.length) chunk.writeUInt8(chunk.readUInt8(at - start) ^ 1, at - start);
}
