import { RcxError } from '../errors.ts';
import { quote } from '../oci/quote.ts';
import { refusal, type Subject } from './answer.ts';
import { readLimited } from './body.ts';
import type { Credentials } from './dockerConfig.ts';
import { networkFailure, withoutQuery } from './failure.ts';
import type { HttpResponse, Transport } from './transport.ts';

/** What a Bearer challenge asks for, and on whose behalf. */
export interface TokenRequest {
  realm: URL;
  service: string | undefined;
  /** Space-separated, as in the challenge. */
  scope: string;
  registry: string;
  credentials: Credentials | undefined;
}

export interface Token {
  value: string;
  /** Milliseconds since the epoch. */
  expires: number;
}

const MAX_TOKEN_ANSWER = 1 << 20;
/** Seconds; what a token lasts at least, says the token specification. */
const SHORTEST_LIFE = 60;

/**
 * Gets a Bearer token (https://distribution.github.io/distribution/spec/auth/token/ and …/oauth/): a GET with Basic
 * authentication or none, or the exchange of a refresh token by POST.
 * @throws ERR_RCX_UNAUTHORIZED, ERR_RCX_REGISTRY_ERROR; {@link Transient} where trying again may help
 */
export async function fetchToken(transport: Transport, request: TokenRequest, signal: AbortSignal): Promise<Token> {
  const started = Date.now();
  const subject: Subject = { name: `token for ${request.registry}`, kind: 'token', registry: request.registry };
  try {
    const response = await send(transport, request, signal);
    if (response.status !== 200) throw await refusal(subject, response);
    const { value, life } = parseAnswer(await readLimited(response, MAX_TOKEN_ANSWER), response.url);
    return { value, expires: started + Math.max(life, SHORTEST_LIFE) * 1000 };
  } catch (cause) {
    throw networkFailure(subject.name, request.realm.origin, cause, undefined);
  }
}

async function send(transport: Transport, request: TokenRequest, signal: AbortSignal): Promise<HttpResponse> {
  const { realm, credentials } = request;
  if (credentials?.kind === 'identityToken') {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return transport.request(realm, { method: 'POST', headers, body: refreshForm(request, credentials.token), signal });
  }
  const headers: Record<string, string> =
    credentials?.kind === 'password' ? { authorization: basicHeader(credentials.username, credentials.password) } : {};
  return transport.request(tokenUrl(request), { headers, signal });
}

/** RFC 7617, in UTF-8. */
export function basicHeader(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
}

function tokenUrl({ realm, service, scope, credentials }: TokenRequest): URL {
  const url = new URL(realm);
  if (service !== undefined) url.searchParams.set('service', service);
  for (const part of scope.split(' ')) url.searchParams.append('scope', part);
  if (credentials?.kind === 'password') url.searchParams.set('account', credentials.username);
  return url;
}

function refreshForm({ service, scope }: TokenRequest, refreshToken: string): string {
  const form = new URLSearchParams({
    grant_type: 'refresh_token',
    client_id: 'rcx',
    scope,
    refresh_token: refreshToken,
  });
  if (service !== undefined) form.set('service', service);
  return form.toString();
}

function parseAnswer(bytes: Buffer | undefined, url: URL): { value: string; life: number } {
  if (bytes === undefined) throw bad(url, 'it is too large');
  let answer: unknown;
  try {
    answer = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw bad(url, 'it is not JSON');
  }
  const { token, access_token, expires_in } = (answer ?? {}) as Record<string, unknown>;
  const value = token || access_token;
  // Only what RFC 6750 lets stand in a header: anything else would be an injection or a fault.
  if (typeof value !== 'string' || !/^[\w.~+/=-]+$/.test(value)) throw bad(url, 'it holds no usable token');
  return { value, life: typeof expires_in === 'number' ? expires_in : SHORTEST_LIFE };
}

function bad(url: URL, problem: string): RcxError {
  return new RcxError(`unusable answer of the token service ${quote(url.origin)}: ${problem}`, {
    code: 'ERR_RCX_REGISTRY_ERROR',
    step: 'fetch token',
    path: withoutQuery(url),
    hint: 'This is a fault of the registry or of a proxy on the way to it; ask its operator.',
  });
}
