import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { OwnAnswer } from './faultProxy.ts';

/** A token service (https://distribution.github.io/distribution/spec/auth/token/) whose tokens expire when a test says so. */
export class TokenService {
  /** What each token was asked for: its scopes, and the login that came with it. */
  readonly issued: { scopes: string[]; authorization: string | undefined }[] = [];
  readonly #valid = new Set<string>();
  #expiries: { pattern: RegExp; left: number }[] = [];
  readonly #server = createServer((request, response) => {
    const scopes = new URL(request.url ?? '', 'http://x').searchParams.getAll('scope');
    this.issued.push({ scopes, authorization: request.headers.authorization });
    const token = `token-${this.issued.length}`;
    this.#valid.add(`Bearer ${token}`);
    response.end(JSON.stringify({ token, expires_in: 300 }));
  });

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  /** All tokens expire just before the next `times` requests whose line, `METHOD /path?query`, matches. */
  expireBefore(pattern: RegExp, times = 1): void {
    this.#expiries.push({ pattern, left: times });
  }

  /** Asks whoever brings no valid token for one, as a registry does. */
  readonly guard = ({ method, url, headers: { authorization = '' } }: IncomingMessage): OwnAnswer | undefined => {
    const expiry =
      this.#valid.has(authorization) && this.#expiries.find(({ pattern }) => pattern.test(`${method} ${url}`));
    if (expiry) {
      this.#valid.clear();
      expiry.left--;
      this.#expiries = this.#expiries.filter(({ left }) => left > 0);
    }
    if (this.#valid.has(authorization)) return undefined;
    const realm = `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/token`;
    const body = JSON.stringify({ errors: [{ code: 'UNAUTHORIZED', message: 'authentication required' }] });
    // A registry does not read what is sent with a request that it refuses.
    const headers = { 'www-authenticate': `Bearer realm="${realm}",service="tests"`, connection: 'close' };
    return { status: 401, headers, body };
  };
}
