import type { RcxConfig } from '../config/config.ts';
import { RcxError } from '../errors.ts';
import { type Digest, DigestVerifier } from '../oci/digest.ts';
import { familiarName, type Reference } from '../oci/reference.ts';
import type { Descriptor } from '../oci/types.ts';
import { Authorizer } from './authorizer.ts';
import { type BlobTransfer, streamBlob } from './blob.ts';
import { type Endpoint, endpointName, endpointsFor, isInsecure, pushEndpoint } from './endpoint.ts';
import type { Timeouts } from './exchange.ts';
import { aborted, inContext } from './failure.ts';
import { type EndpointFailure, nextMayHelp, summary } from './fallback.ts';
import { either, type FetchedManifest, getDigest, getManifest } from './manifest.ts';
import type { FetchBlobOptions, FetchOptions, RegistryOptions, Repository } from './options.ts';
import type { Lister } from './pages.ts';
import { Pusher } from './pusher.ts';
import { DEFAULT_RETRY, type RetryPolicy, withRetry } from './retry.ts';
import { SchemeProbe } from './scheme.ts';
import { type FoundImage, type SearchQuery, search } from './search.ts';
import { Session } from './session.ts';
import { listTags } from './tags.ts';
import { DEFAULT_TIMEOUTS, Transport } from './transport.ts';

/** More attempts than these keep the user from the registry itself, which is next in line. */
const MIRROR_ATTEMPTS = 2;

/** A client for OCI distribution-spec registries. One instance shares connections and tokens. */
export class Registry {
  readonly #config: RcxConfig;
  readonly #retry: RetryPolicy;
  readonly #timeouts: Timeouts;
  readonly #transport: Transport;
  readonly #session: Session;
  /** For each repository the server that answered last: the others need not be tried again for every layer. */
  readonly #preferred = new Map<string, string>();

  constructor({ config, env = process.env, timeouts, retry }: RegistryOptions) {
    this.#config = config;
    this.#retry = { ...DEFAULT_RETRY, ...retry };
    this.#timeouts = { ...DEFAULT_TIMEOUTS, ...timeouts };
    const insecure = (url: URL): boolean => isInsecure(url, config);
    this.#transport = new Transport(env, this.#timeouts, insecure);
    const authorizer = new Authorizer(this.#transport, env, this.#retry, this.#timeouts.document, insecure);
    this.#session = new Session(this.#transport, authorizer, new SchemeProbe(this.#transport));
  }

  /**
   * Fetches the manifest or index that `reference` names, by its digest if it has one.
   * @throws ERR_RCX_IMAGE_NOT_FOUND, ERR_RCX_UNAUTHORIZED, ERR_RCX_FORBIDDEN, ERR_RCX_RATE_LIMITED,
   *   ERR_RCX_REGISTRY_UNAVAILABLE, ERR_RCX_REGISTRY_ERROR, ERR_RCX_INVALID_MANIFEST, ERR_RCX_MANIFEST_TOO_LARGE,
   *   ERR_RCX_UNSUPPORTED_MEDIA_TYPE, ERR_RCX_DIGEST_MISMATCH, ERR_RCX_ABORTED
   */
  async fetchManifest(reference: Reference, { signal }: FetchOptions = {}): Promise<FetchedManifest> {
    return this.#fromFirst(reference, signal, (endpoint, policy) => {
      const deadline = AbortSignal.timeout(this.#timeouts.document);
      return withRetry(policy, signal, () => getManifest(this.#session, endpoint, reference, deadline, signal));
    });
  }

  /**
   * The tags of a repository, in the registry's order.
   * @throws ERR_RCX_IMAGE_NOT_FOUND, ERR_RCX_LIST_TOO_LONG, ERR_RCX_BAD_LINK, and as {@link fetchManifest} for what
   *   concerns the registry
   */
  async listTags(repository: Repository, { signal }: FetchOptions = {}): Promise<string[]> {
    return this.#fromFirst(repository, signal, (endpoint, retry) =>
      listTags(this.#lister(retry, signal), endpoint, repository),
    );
  }

  /**
   * Finds images by words, where Docker does and then where podman does; see {@link search}.
   * @throws ERR_RCX_UNSUPPORTED where the registry offers no search, and as {@link listTags}
   */
  async search(query: SearchQuery, { signal }: FetchOptions = {}): Promise<FoundImage[]> {
    return search(this.#lister(this.#retry, signal), this.#config, query);
  }

  /**
   * The digest that a reference leads to, from whoever would be asked for the manifest first.
   * @returns undefined where that one does not answer or does not say: {@link fetchManifest} then tells why
   * @throws ERR_RCX_ABORTED
   */
  async fetchDigest(reference: Reference, { signal }: FetchOptions = {}): Promise<Digest | undefined> {
    const [endpoint] = this.#endpoints(reference);
    if (endpoint === undefined) return undefined;
    const deadline = AbortSignal.timeout(this.#timeouts.headers);
    try {
      return await getDigest(this.#session, endpoint, reference, either(deadline, signal));
    } catch (error) {
      if (signal?.aborted) throw aborted(error);
      return undefined;
    }
  }

  /**
   * Streams a blob (config or layer). A broken connection is resumed, on the next mirror if need be; size and digest are
   * verified as the bytes pass, and only when the iteration has ended without an error was the content the right one.
   * @throws ERR_RCX_BLOB_NOT_FOUND, ERR_RCX_BLOB_TRUNCATED, ERR_RCX_SIZE_MISMATCH, ERR_RCX_DIGEST_MISMATCH, and as
   *   {@link fetchManifest} for what concerns the registry
   */
  async *fetchBlob(
    reference: Reference,
    descriptor: Descriptor,
    { signal, onProgress, onResume }: FetchBlobOptions = {},
  ): AsyncGenerator<Buffer, void, void> {
    const verifier = new DigestVerifier(descriptor.digest, descriptor.size);
    const name = `${familiarName(reference)} blob ${descriptor.digest}`;
    const failures: EndpointFailure[] = [];
    for (const endpoint of this.#endpoints(reference)) {
      const subject = { name, kind: 'blob', registry: endpoint.registry } as const;
      const transfer: BlobTransfer = { subject, size: descriptor.size, verifier, signal, onProgress, onResume };
      try {
        yield* streamBlob(this.#session, endpoint, transfer, this.#policy(endpoint));
        this.#prefer(reference, endpoint);
        break;
      } catch (error) {
        const failure = nextMayHelp(error, signal);
        // What has been handed on cannot be taken back, so no other server can mend this.
        if (verifier.received > descriptor.size) throw inContext(failure, `${name} from ${endpointName(endpoint)}`);
        failures.push({ endpoint, error: failure });
      }
    }
    if (verifier.received !== descriptor.size) throw summary(failures);
    finish(verifier, name);
  }

  /**
   * For pushing to a repository: of the registry itself, never of a mirror, which would not pass it on.
   * @throws ERR_RCX_INVALID_REFERENCE
   */
  pusher(repository: Repository, signal?: AbortSignal): Pusher {
    const timeout = this.#timeouts.document;
    return new Pusher(this.#session, pushEndpoint(repository, this.#config), repository, {
      ...{ retry: this.#retry, timeout, signal },
    });
  }

  /** Ends all connections; transfers still under way fail. */
  close(): void {
    this.#transport.close();
  }

  /** Asks one server after the other; the first that answers is asked first from then on. */
  async #fromFirst<T>(
    repository: Repository,
    signal: AbortSignal | undefined,
    ask: (endpoint: Endpoint, policy: RetryPolicy) => Promise<T>,
  ): Promise<T> {
    const failures: EndpointFailure[] = [];
    for (const endpoint of this.#endpoints(repository)) {
      try {
        const answer = await ask(endpoint, this.#policy(endpoint));
        this.#prefer(repository, endpoint);
        return answer;
      } catch (error) {
        failures.push({ endpoint, error: nextMayHelp(error, signal) });
      }
    }
    throw summary(failures);
  }

  #lister(retry: RetryPolicy, signal: AbortSignal | undefined): Lister {
    return { session: this.#session, retry, timeout: this.#timeouts.document, signal };
  }

  #endpoints(reference: Repository): Endpoint[] {
    const endpoints = endpointsFor(reference, this.#config);
    const preferred = this.#preferred.get(repositoryKey(reference));
    const isPreferred = (endpoint: Endpoint): boolean => endpointName(endpoint) === preferred;
    return [...endpoints.filter(isPreferred), ...endpoints.filter((endpoint) => !isPreferred(endpoint))];
  }

  #prefer(reference: Repository, endpoint: Endpoint): void {
    this.#preferred.set(repositoryKey(reference), endpointName(endpoint));
  }

  #policy({ isMirror }: Endpoint): RetryPolicy {
    return isMirror ? { ...this.#retry, attempts: Math.min(MIRROR_ATTEMPTS, this.#retry.attempts) } : this.#retry;
  }
}

function repositoryKey({ registry, repository }: Repository): string {
  return `${registry}/${repository}`;
}

function finish(verifier: DigestVerifier, name: string): void {
  try {
    verifier.finish();
  } catch (error) {
    throw error instanceof RcxError ? inContext(error, name) : error;
  }
}
