import { loadConfig, type RcxConfig } from '../config/config.ts';
import { RcxError } from '../errors.ts';
import { quote } from '../oci/quote.ts';
import { refusal, type Subject } from './answer.ts';
import { discard } from './body.ts';
import { parseChallenges } from './challenge.ts';
import type { StorableCredentials } from './credentialHelper.ts';
import { type Endpoint, endpointName, isInsecure, registryEndpoint } from './endpoint.ts';
import type { Timeouts } from './exchange.ts';
import { networkFailure, speaksNoTls } from './failure.ts';
import { fetchLoginToken, requireOrigin } from './loginToken.ts';
import { checkRealm } from './realm.ts';
import { DEFAULT_RETRY, type RetryPolicy, withRetry } from './retry.ts';
import { SchemeProbe } from './scheme.ts';
import { basicHeader } from './token.ts';
import { DEFAULT_TIMEOUTS, type HttpResponse, type IsInsecure, Transport } from './transport.ts';

/** What somebody wants to log in with. */
export interface LoginAttempt {
  /** As in the image's name. */
  registry: string;
  username: string;
  password: string;
}

export interface LoginOptions {
  /** Settings, instead of those of the config files. */
  config?: RcxConfig;
  /** Where proxies, `DOCKER_CONFIG` and the `PATH` of credential helpers are looked up; `process.env` by default. */
  env?: NodeJS.ProcessEnv;
  timeouts?: Partial<Timeouts>;
  retry?: Partial<RetryPolicy>;
}

interface Context {
  transport: Transport;
  endpoint: Endpoint;
  insecure: IsInsecure;
  subject: Subject;
  /** Milliseconds for the whole of one try. */
  timeout: number;
}

/**
 * Asks a registry whether it takes a login, as Docker does: `/v2/` names the way to log in (distribution-spec, "Endpoints",
 * end-1), which is then gone with no scope. A registry that asks for no login accepts any.
 * @returns what to store: the refresh token where the registry's token service gives one, else the password
 * @throws ERR_RCX_UNAUTHORIZED, ERR_RCX_FORBIDDEN, ERR_RCX_RATE_LIMITED, ERR_RCX_REGISTRY_UNAVAILABLE,
 *   ERR_RCX_REGISTRY_ERROR, ERR_RCX_BAD_REDIRECT, ERR_RCX_UNSAFE_AUTHENTICATION; none repeats the password
 */
export async function verifyLogin(attempt: LoginAttempt, options: LoginOptions = {}): Promise<StorableCredentials> {
  const { env = process.env, config = loadConfig(env), retry } = options;
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const insecure: IsInsecure = (url) => isInsecure(url, config);
  const endpoint = registryEndpoint(attempt.registry, config);
  const transport = new Transport(env, timeouts, insecure);
  const context = { transport, endpoint, insecure, subject: subjectOf(attempt), timeout: timeouts.document };
  try {
    return await withRetry({ ...DEFAULT_RETRY, ...retry }, undefined, () => tryOnce(context, attempt));
  } finally {
    transport.close();
  }
}

async function tryOnce(context: Context, attempt: LoginAttempt): Promise<StorableCredentials> {
  const { transport, endpoint, subject, timeout } = context;
  const signal = AbortSignal.timeout(timeout);
  try {
    const ask = (base: URL) => transport.request(new URL('/v2/', base), { signal });
    const asked = await new SchemeProbe(transport).ask(endpoint, ask, signal);
    await requireOrigin(subject, asked);
    const base = new URL(asked.url.origin);
    const { username, password } = attempt;
    if (asked.status === 200) {
      await discard(asked.body);
      return { username, password };
    }
    if (asked.status !== 401) throw await refusal(subject, asked);
    await discard(asked.body);
    const answer = await answerChallenge(context, attempt, base, asked, signal);
    const response = await transport.request(new URL('/v2/', base), {
      headers: { authorization: answer.header },
      signal,
    });
    await requireOrigin(subject, response);
    if (response.status !== 200) throw await refusal(subject, response);
    await discard(response.body);
    return answer.storable;
  } catch (cause) {
    if (endpoint.schemes.includes('http') || !speaksNoTls(cause)) {
      throw networkFailure(subject.name, endpointName(endpoint), cause, signal);
    }
    throw plainHttp(subject, endpoint);
  }
}

interface Answer {
  /** For `Authorization`. */
  header: string;
  storable: StorableCredentials;
}

async function answerChallenge(
  { transport, insecure, subject }: Context,
  { registry, username, password }: LoginAttempt,
  base: URL,
  { headers }: HttpResponse,
  signal: AbortSignal,
): Promise<Answer> {
  const challenges = parseChallenges(headers['www-authenticate']);
  const bearer = challenges.find(({ scheme }) => scheme === 'bearer')?.parameters;
  if (bearer !== undefined) {
    const realm = checkRealm(base, bearer.get('realm'), true, insecure);
    const credentials = { kind: 'password', username, password } as const;
    const request = { realm, service: bearer.get('service'), scope: '', registry, credentials };
    const { value, refreshToken } = await fetchLoginToken(transport, request, subject, signal);
    const storable = refreshToken === undefined ? { username, password } : { username, identityToken: refreshToken };
    return { header: `Bearer ${value}`, storable };
  }
  if (challenges.some(({ scheme }) => scheme === 'basic')) {
    return { header: basicHeader(username, password), storable: { username, password } };
  }
  throw unknownScheme(subject, base, challenges.map(({ scheme }) => scheme).join(', '));
}

function subjectOf({ registry, username, password }: LoginAttempt): Subject {
  const header = basicHeader(username, password).replace('Basic ', '');
  return { name: `log in to ${registry}`, kind: 'login', registry, secrets: [header, password] };
}

function unknownScheme(subject: Subject, base: URL, schemes: string): RcxError {
  return new RcxError(`${subject.name}: ${base.origin} asks for a login in no way that is known: ${quote(schemes)}`, {
    code: 'ERR_RCX_REGISTRY_ERROR',
    step: 'log in',
    path: base.origin,
    hint: 'registries ask for Basic or Bearer; check that this is the address of one.',
  });
}

function plainHttp(subject: Subject, endpoint: Endpoint): RcxError {
  return new RcxError(
    `${subject.name}: ${endpointName(endpoint)} speaks plain HTTP, over which no password is sent; it was not sent`,
    {
      code: 'ERR_RCX_UNSAFE_AUTHENTICATION',
      step: 'log in',
      path: endpointName(endpoint),
      hint: `if you trust the network all the way, set "insecure": true for ${endpoint.host} in /etc/rcx/config.json.`,
    },
  );
}
