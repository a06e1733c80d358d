import type { RcxError } from '../errors.ts';
import { type Challenge, parseChallenges } from './challenge.ts';
import { findLogin, type Login } from './credentials.ts';
import type { Endpoint } from './endpoint.ts';
import { checkRealm } from './realm.ts';
import { type RetryPolicy, withRetry } from './retry.ts';
import { pullScope } from './scope.ts';
import { basicHeader, fetchToken, type TokenRequest } from './token.ts';
import type { HttpResponse, IsInsecure, Transport } from './transport.ts';

interface Authorization {
  header: string;
  /** Milliseconds since the epoch. */
  expires: number;
}

/** Milliseconds by which a token is given up before its time, for requests on their way and clocks that differ. */
const EXPIRY_MARGIN = 5_000;

/** Answers a registry's challenges, and remembers the answer for each server and repository. */
export class Authorizer {
  readonly #transport: Transport;
  readonly #env: NodeJS.ProcessEnv;
  readonly #retry: RetryPolicy;
  readonly #isInsecure: IsInsecure;
  readonly #timeout: number;
  readonly #known = new Map<string, Authorization>();
  readonly #underWay = new Map<string, Promise<Authorization | undefined>>();
  readonly #problems = new Map<string, RcxError>();

  /** @param timeout milliseconds for one answer of a token service */
  constructor(
    transport: Transport,
    env: NodeJS.ProcessEnv,
    retry: RetryPolicy,
    timeout: number,
    isInsecure: IsInsecure,
  ) {
    this.#transport = transport;
    this.#env = env;
    this.#retry = retry;
    this.#timeout = timeout;
    this.#isInsecure = isInsecure;
  }

  /** The Authorization header that this server accepted last, unless its time has passed. */
  current(base: URL, endpoint: Endpoint): string | undefined {
    const known = this.#known.get(keyOf(base, endpoint));
    return known !== undefined && known.expires - EXPIRY_MARGIN > Date.now() ? known.header : undefined;
  }

  /** What kept a login from being found, to be told when the registry then refuses. */
  problem({ registry }: Endpoint): RcxError | undefined {
    return this.#problems.get(registry);
  }

  /**
   * Finds the header that answers a 401. Requests that are refused at the same time share one answer.
   * @param refused the header that the request carried
   * @returns undefined if there is none to offer
   */
  async answer(
    base: URL,
    endpoint: Endpoint,
    response: HttpResponse,
    refused: string | undefined,
  ): Promise<string | undefined> {
    const key = keyOf(base, endpoint);
    const newer = this.current(base, endpoint);
    if (newer !== undefined && newer !== refused) return newer;
    this.#known.delete(key);
    const underWay = this.#underWay.get(key);
    if (underWay !== undefined) return (await underWay)?.header;
    const started = this.#authorize(base, endpoint, parseChallenges(response.headers['www-authenticate']));
    this.#underWay.set(key, started);
    try {
      const found = await started;
      if (found !== undefined) this.#known.set(key, found);
      return found?.header;
    } finally {
      this.#underWay.delete(key);
    }
  }

  async #authorize(base: URL, endpoint: Endpoint, challenges: Challenge[]): Promise<Authorization | undefined> {
    const login = await findLogin(endpoint.registry, this.#env);
    if (login.problem === undefined) this.#problems.delete(endpoint.registry);
    else this.#problems.set(endpoint.registry, login.problem);
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer');
    if (bearer !== undefined) return this.#bearer(base, endpoint, bearer, login);
    if (!challenges.some(({ scheme }) => scheme === 'basic')) return undefined;
    const { credentials } = login;
    if (credentials?.kind !== 'password') return undefined;
    return { header: basicHeader(credentials.username, credentials.password), expires: Number.POSITIVE_INFINITY };
  }

  async #bearer(base: URL, endpoint: Endpoint, challenge: Challenge, { credentials }: Login): Promise<Authorization> {
    if (credentials?.kind === 'registryToken') {
      return { header: `Bearer ${credentials.token}`, expires: Number.POSITIVE_INFINITY };
    }
    const realm = checkRealm(base, challenge.parameters.get('realm'), credentials !== undefined, this.#isInsecure);
    const request: TokenRequest = {
      realm,
      service: challenge.parameters.get('service'),
      scope: endpoint.scopes?.join(' ') ?? challenge.parameters.get('scope') ?? defaultScope(endpoint),
      registry: endpoint.registry,
      credentials,
    };
    // Not the caller's signal: several requests may wait for this one token.
    const token = await withRetry(this.#retry, undefined, () =>
      fetchToken(this.#transport, request, AbortSignal.timeout(this.#timeout)),
    );
    return { header: `Bearer ${token.value}`, expires: token.expires };
  }
}

function defaultScope({ repository }: Endpoint): string {
  return repository === '' ? '' : pullScope(repository);
}

/** A token for reading must not be taken for one for writing. */
function keyOf(base: URL, { repository, scopes = [] }: Endpoint): string {
  return [base.origin, repository, ...scopes].join(' ');
}
