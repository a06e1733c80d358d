import { RcxError } from '../errors.ts';
import { quote } from '../oci/quote.ts';
import { refusal, type Subject } from './answer.ts';
import { readLimited } from './body.ts';
import type { Credentials } from './dockerConfig.ts';
import { networkFailure, withoutQuery } from './failure.ts';
import type { HttpRequest, HttpResponse, Transport } from './transport.ts';

/** What a Bearer challenge asks for, and on whose behalf. */
export interface TokenRequest {
  realm: URL;
  service: string | undefined;
  /** Space-separated, as in the challenge; empty for a login as such. */
  scope: string;
  registry: string;
  credentials: Credentials | undefined;
}

export interface Token {
  value: string;
  /** Milliseconds since the epoch. */
  expires: number;
  /** What further tokens can be had for in place of the password. */
  refreshToken?: string;
}

/** By this name token services know rcx. */
export const CLIENT_ID = 'rcx';

const MAX_TOKEN_ANSWER = 1 << 20;
/** Seconds; what a token lasts at least, says the token specification. */
const SHORTEST_LIFE = 60;

/**
 * Gets a Bearer token (https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/): a GET with Basic
 * authentication or none, or the exchange of a refresh token by POST.
 * @throws ERR_RCX_UNAUTHORIZED, ERR_RCX_REGISTRY_ERROR; {@link Transient} where trying again may help
 */
export async function fetchToken(transport: Transport, request: TokenRequest, signal: AbortSignal): Promise<Token> {
  const subject: Subject = { name: `token for ${request.registry}`, kind: 'token', registry: request.registry };
  const started = Date.now();
  try {
    return await readToken(subject, await send(transport, request, signal), started);
  } catch (cause) {
    throw networkFailure(subject.name, request.realm.origin, cause, undefined);
  }
}

/**
 * The token in an answer.
 * @param started when it was asked for, in milliseconds since the epoch
 * @throws RcxError, or {@link Transient} where trying again may help
 */
export async function readToken(subject: Subject, response: HttpResponse, started: number): Promise<Token> {
  if (response.status !== 200) throw await refusal(subject, response);
  const { life, ...token } = parseAnswer(await readLimited(response, MAX_TOKEN_ANSWER), response.url);
  return { ...token, expires: started + Math.max(life, SHORTEST_LIFE) * 1000 };
}

async function send(transport: Transport, request: TokenRequest, signal: AbortSignal): Promise<HttpResponse> {
  const { realm, credentials } = request;
  if (credentials?.kind === 'identityToken') {
    return transport.request(realm, { ...refreshForm(request, credentials.token), signal });
  }
  return transport.request(tokenUrl(request), { headers: basicHeaders(credentials), signal });
}

/** RFC 7617, in UTF-8. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

/** Basic authentication, where there is a password. */
export function basicHeaders(credentials: Credentials | undefined): Record<string, string> {
  if (credentials?.kind !== 'password') return {};
  return { authorization: basicHeader(credentials.username, credentials.password) };
}

/** What to GET of a token service. */
export function tokenUrl({ realm, service, scope, credentials }: TokenRequest): URL {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const part of scope.split(' ').filter(Boolean)) url.searchParams.append('scope', part);
  if (credentials?.kind === 'password') url.searchParams.set('account', credentials.username);
  return url;
}

/** What to POST to a token service (RFC 6749 §4.3.2, §6). */
export function tokenForm(
  { service, scope }: Pick<TokenRequest, 'service' | 'scope'>,
  grant: Record<string, string>,
): Pick<HttpRequest, 'method' | 'headers' | 'body'> {
  const form = new URLSearchParams({ ...grant, client_id: CLIENT_ID });
  if (scope !== '') form.set('scope', scope);
  if (service !== undefined) form.set('service', service);
  return {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: form.toString(),
  };
}

function refreshForm(request: TokenRequest, refreshToken: string): ReturnType<typeof tokenForm> {
  return tokenForm(request, { grant_type: 'refresh_token', refresh_token: refreshToken });
}

function parseAnswer(bytes: Buffer | undefined, url: URL): Omit<Token, 'expires'> & { life: number } {
  if (bytes === undefined) throw bad(url, 'it is too large');
  let answer: unknown;
  try {
    answer = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw bad(url, 'it is not JSON');
  }
  const { token, access_token, expires_in, refresh_token } = (answer ?? {}) as Record<string, unknown>;
  const value = token || access_token;
  // Only what RFC 6750 lets stand in a header: anything else would be an injection or a fault.
  if (typeof value !== 'string' || !/^[\w.~+/=-]+$/.test(value)) throw bad(url, 'it holds no usable token');
  return {
    value,
    life: typeof expires_in === 'number' ? expires_in : SHORTEST_LIFE,
    ...(typeof refresh_token === 'string' && refresh_token !== '' && { refreshToken: refresh_token }),
  };
}

function bad(url: URL, problem: string): RcxError {
  return new RcxError(`unusable answer of the token service ${quote(url.origin)}: ${problem}`, {
    code: 'ERR_RCX_REGISTRY_ERROR',
    step: 'fetch token',
    path: withoutQuery(url),
    hint: 'this is a fault of the registry or of a proxy on the way to it; ask its operator.',
  });
}
