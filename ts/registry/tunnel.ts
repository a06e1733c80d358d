import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { type Agent, request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { bareAddress } from './loopback.ts';

/** The proxy is at fault, not the registry behind it. */
export class ProxyError extends Error {
  readonly code = 'ERR_RCX_PROXY';
}

/** What an agent says of the connection that it needs. */
interface Target {
  host: string;
  port: number | string;
  rejectUnauthorized?: boolean;
}

type Connected = (error: Error | null, socket?: Socket) => void;

/**
 * Has an agent reach its hosts by CONNECT (RFC 9110 §9.3.6).
 * @param timeout milliseconds for the proxy's answer, and again for the TLS handshake behind it
 */
export function tunnelAgent(agent: Agent, proxy: URL, timeout: number): Agent {
  const createConnection = (target: Target, connected: Connected): void => {
    open(proxy, target, timeout).then(
      (socket) => connected(null, socket),
      (error: unknown) => connected(error instanceof Error ? error : new ProxyError(String(error))),
    );
  };
  return Object.assign(agent, { createConnection });
}

/** The header for a login that stands in the proxy's URL. */
export function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
}

async function open(proxy: URL, target: Target, timeout: number): Promise<Socket> {
  const host = isIP(target.host) === 6 ? `[${target.host}]` : target.host;
  return startTls(await askProxy(proxy, `${host}:${target.port}`, timeout), target, timeout);
}

function askProxy(proxy: URL, path: string, timeout: number): Promise<Socket> {
  const name = `${proxy.protocol}//${proxy.host}`;
  const headers = { host: path, ...proxyAuthorization(proxy) };
  const request = send(proxy, { method: 'CONNECT', path, headers, agent: false, timeout });
  return new Promise((resolve, reject) => {
    const fail = (problem: string, cause?: unknown): void =>
      reject(new ProxyError(`the proxy ${name} ${problem}`, { cause }));
    request.on('timeout', () => request.destroy(new Error('no answer within the time limit')));
    request.on('error', (error) => fail(`failed: ${error.message}`, error));
    const refuse = (response: IncomingMessage): void => {
      response.destroy();
      fail(`answered HTTP ${response.statusCode}`);
    };
    request.on('response', refuse);
    request.on('connect', (response, socket) => {
      if (response.statusCode !== 200) return refuse(response);
      socket.setTimeout(0);
      resolve(socket as Socket);
    });
    request.end();
  });
}

function send(proxy: URL, options: RequestOptions): ClientRequest {
  const where = { host: bareAddress(proxy.hostname), ...(proxy.port !== '' && { port: proxy.port }) };
  return proxy.protocol === 'https:' ? httpsRequest({ ...options, ...where }) : httpRequest({ ...options, ...where });
}

function startTls(socket: Socket, { host, rejectUnauthorized }: Target, timeout: number): Promise<Socket> {
  // An address is no server name (RFC 6066 §3), but the certificate is still checked against it.
  const servername = isIP(host) === 0 ? { servername: host } : {};
  return new Promise((resolve, reject) => {
    const secure = connectTls({
      socket,
      host,
      rejectUnauthorized: rejectUnauthorized ?? true,
      ALPNProtocols: ['http/1.1'],
      ...servername,
    });
    secure.setTimeout(timeout, () => secure.destroy(new ProxyError('no TLS handshake within the time limit')));
    secure.on('error', reject);
    secure.once('secureConnect', () => {
      secure.setTimeout(0);
      resolve(secure);
    });
  });
}
