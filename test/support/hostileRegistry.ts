import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Certificate } from './certificate.ts';

/** What a request brought, kept for the test to judge. */
export interface SeenRequest {
  method: string;
  /** Path and query. */
  url: string;
  headers: IncomingMessage['headers'];
  body: string;
}

/** How a path is answered; `nth` counts the requests for that path from 1. */
export type Behaviour = (request: SeenRequest, response: ServerResponse, nth: number) => void;

/** A real HTTP server that does whatever a test tells it to: what no well-behaved registry would. */
export interface HostileRegistry {
  host: string;
  url: string;
  /** All requests in order, the probe for the scheme (`/v2/`) included. */
  seen: SeenRequest[];
  seenAt(path: string): SeenRequest[];
  /** Sets the answer for a path, without its query. */
  on(path: string, behaviour: Behaviour): void;
  close(): Promise<void>;
}

/** Starts it on a free loopback port; with a certificate it speaks TLS. Unknown paths are 404, `/v2/` is 200. */
export async function startHostileRegistry(certificate?: Certificate): Promise<HostileRegistry> {
  const behaviours = new Map<string, Behaviour>([['/v2/', (_request, response) => response.end('{}')]]);
  const counts = new Map<string, number>();
  const seen: SeenRequest[] = [];
  const listener: RequestListener = async (incoming, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of incoming) chunks.push(chunk as Buffer);
    const { method = '', url = '', headers } = incoming;
    const request: SeenRequest = { method, url, headers, body: Buffer.concat(chunks).toString('utf8') };
    seen.push(request);
    const path = pathOf(request);
    const nth = (counts.get(path) ?? 0) + 1;
    counts.set(path, nth);
    const behaviour = behaviours.get(path);
    if (behaviour === undefined) response.writeHead(404).end();
    else behaviour(request, response, nth);
  };
  const server = certificate === undefined ? createServer(listener) : createTlsServer(certificate, listener);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  return {
    host,
    url: `${certificate === undefined ? 'http' : 'https'}://${host}`,
    seen,
    seenAt: (path) => seen.filter((request) => pathOf(request) === path),
    on: (path, behaviour) => behaviours.set(path, behaviour),
    close: async () => {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

function pathOf({ url }: SeenRequest): string {
  return url.replace(/\?.*$/, '');
}
