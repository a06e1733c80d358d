import { once } from 'node:events';
import { createServer, type RequestListener, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Duplex } from 'node:stream';

/** A proxy on loopback, as `HTTPS_PROXY` names one. */
export interface ForwardProxy {
  url: string;
  /** What it was asked for: `CONNECT r.test:443`, or whole URLs. */
  asked: string[];
  server: Server;
  close(): Promise<void>;
}

/**
 * Starts a forward proxy that leads every name to one server.
 * @param host the server behind all tunnels
 * @param listener answers what is asked for without a tunnel
 */
export async function startForwardProxy(host: string, listener?: RequestListener): Promise<ForwardProxy> {
  const asked: string[] = [];
  const [address = '', port = ''] = host.split(':');
  const server = createServer((request, response) => {
    asked.push(request.url ?? '');
    if (listener === undefined) response.writeHead(502).end();
    else listener(request, response);
  });
  const tunnels = new Set<Duplex>();
  server.on('connect', (request, client) => {
    asked.push(`CONNECT ${request.url}`);
    tunnels.add(client);
    const upstream = connect(Number(port), address, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    upstream.on('error', () => client.destroy());
    client.on('error', () => upstream.destroy());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const close = async (): Promise<void> => {
    const closed = once(server, 'close');
    server.close();
    server.closeAllConnections();
    for (const tunnel of tunnels) tunnel.destroy();
    await closed;
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, asked, server, close };
}
