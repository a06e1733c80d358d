import { type ClientRequest, request as httpRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import type { buildConnector } from 'undici';
import { bareAddress } from './loopback.ts';

/** The proxy is at fault, not the registry behind it. Other than errors of a socket, undici does not try these again. */
export class ProxyError extends Error {
  readonly code = 'ERR_RCX_PROXY';
}

export interface TunnelOptions {
  /** Milliseconds for the proxy's answer, and again for the TLS handshake behind it. */
  timeout: number;
  /** Whether the server at the far end must have a valid certificate. */
  rejectUnauthorized: boolean;
}

/**
 * A connector for undici that reaches its hosts by CONNECT (RFC 9110 §9.3.6). undici's own ProxyAgent repeats the request
 * without pause or end when a proxy closes the connection.
 */
export function tunnelConnector(proxy: URL, options: TunnelOptions): buildConnector.connector {
  return (target, callback) => {
    open(proxy, target, options).then(
      (socket) => callback(null, socket),
      (error: unknown) => callback(error instanceof Error ? error : new ProxyError(String(error)), null),
    );
  };
}

/** The header for a login that stands in the proxy's URL. */
export function proxyAuthorization({ username, password }: URL): Record<string, string> {
  if (username === '') return {};
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(login).toString('base64')}` };
}

async function open(proxy: URL, target: buildConnector.Options, options: TunnelOptions): Promise<Socket> {
  const port = target.port || (target.protocol === 'https:' ? '443' : '80');
  const host = isIP(target.hostname) === 6 ? `[${target.hostname}]` : target.hostname;
  const socket = await askProxy(proxy, `${host}:${port}`, options.timeout);
  return target.protocol === 'https:' ? startTls(socket, target, options) : socket;
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

function startTls(socket: Socket, { hostname }: buildConnector.Options, options: TunnelOptions): Promise<Socket> {
  const { rejectUnauthorized, timeout } = options;
  // An address is no server name (RFC 6066 §3), but the certificate is still checked against it.
  const servername = isIP(hostname) === 0 ? { servername: hostname } : {};
  return new Promise((resolve, reject) => {
    const secure = connectTls({
      socket,
      host: hostname,
      rejectUnauthorized,
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
