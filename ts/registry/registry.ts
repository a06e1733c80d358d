import type { RcxConfig } from '../config/config.ts';
import { RcxError } from '../errors.ts';
import { type Digest, DigestVerifier } from '../oci/digest.ts';
import { familiarName, type Reference } from '../oci/reference.ts';
import type { Descriptor } from '../oci/types.ts';
import { Authorizer } from './authorizer.ts';
import { type BlobTransfer, streamBlob } from './blob.ts';
import { type Endpoint, endpointName, endpointsFor, isInsecure } from './endpoint.ts';
import type { Timeouts } from './exchange.ts';
import { aborted, inContext } from './failure.ts';
import { either, type FetchedManifest, getDigest, getManifest } from './manifest.ts';
import { DEFAULT_RETRY, type RetryPolicy, withRetry } from './retry.ts';
import { SchemeProbe } from './scheme.ts';
import { Session } from './session.ts';
import { DEFAULT_TIMEOUTS, Transport } from './transport.ts';

export interface RegistryOptions {
  config: RcxConfig;
  /** Where proxies, `DOCKER_CONFIG` and the `PATH` of credential helpers are looked up; `process.env` by default. */
  env?: NodeJS.ProcessEnv;
  timeouts?: Partial<Timeouts>;
  retry?: Partial<RetryPolicy>;
}

export interface FetchOptions {
  signal?: AbortSignal | undefined;
}

export interface FetchBlobOptions extends FetchOptions {
  /** Called with the bytes received so far, skipped ones not counted twice. */
  onProgress?: ((bytesSoFar: number) => void) | undefined;
}

interface EndpointFailure {
  endpoint: Endpoint;
  error: RcxError;
}

/** More attempts than these keep the user from the registry itself, which is next in line. */
const MIRROR_ATTEMPTS = 2;

/** A client for OCI distribution-spec registries that reads. One instance shares connections and tokens. */
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
    const failures: EndpointFailure[] = [];
    for (const endpoint of this.#endpoints(reference)) {
      try {
        const deadline = AbortSignal.timeout(this.#timeouts.document);
        const manifest = await withRetry(this.#policy(endpoint), signal, () =>
          getManifest(this.#session, endpoint, reference, deadline, signal),
        );
        this.#prefer(reference, endpoint);
        return manifest;
      } catch (error) {
        failures.push({ endpoint, error: nextMayHelp(error, signal) });
      }
    }
    throw summary(failures);
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
    { signal, onProgress }: FetchBlobOptions = {},
  ): AsyncGenerator<Buffer, void, void> {
    const verifier = new DigestVerifier(descriptor.digest, descriptor.size);
    const name = `${familiarName(reference)} blob ${descriptor.digest}`;
    const failures: EndpointFailure[] = [];
    for (const endpoint of this.#endpoints(reference)) {
      const subject = { name, kind: 'blob', registry: endpoint.registry } as const;
      const transfer: BlobTransfer = { subject, size: descriptor.size, verifier, signal, onProgress };
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

  /** Ends all connections; transfers still under way fail. */
  close(): void {
    this.#transport.close();
  }

  #endpoints(reference: Reference): Endpoint[] {
    const endpoints = endpointsFor(reference, this.#config);
    const preferred = this.#preferred.get(repositoryKey(reference));
    const isPreferred = (endpoint: Endpoint): boolean => endpointName(endpoint) === preferred;
    return [...endpoints.filter(isPreferred), ...endpoints.filter((endpoint) => !isPreferred(endpoint))];
  }

  #prefer(reference: Reference, endpoint: Endpoint): void {
    this.#preferred.set(repositoryKey(reference), endpointName(endpoint));
  }

  #policy({ isMirror }: Endpoint): RetryPolicy {
    return isMirror ? { ...this.#retry, attempts: Math.min(MIRROR_ATTEMPTS, this.#retry.attempts) } : this.#retry;
  }
}

function repositoryKey({ registry, repository }: Reference): string {
  return `${registry}/${repository}`;
}

/** The failure, if another server may do better; a cancelled transfer and a fault of rcx itself end it all. */
function nextMayHelp(error: unknown, signal: AbortSignal | undefined): RcxError {
  if (signal?.aborted) throw error instanceof RcxError ? error : aborted(error);
  if (error instanceof RcxError) return error;
  throw error;
}

/** The failure of the registry itself decides the code; those of its mirrors are told too. */
function summary(failures: readonly EndpointFailure[]): RcxError {
  const upstream = failures.find(({ endpoint }) => !endpoint.isMirror) ?? failures[0];
  if (upstream === undefined) throw new TypeError('no endpoint was tried');
  const mirrors = failures.filter((failure) => failure !== upstream);
  if (mirrors.length === 0) return upstream.error;
  const { message, code, step, path, errno, hint } = upstream.error;
  const told = mirrors.map(({ endpoint, error }) => `mirror ${endpointName(endpoint)}: ${error.message}`).join('; ');
  return new RcxError(`${message} (${told})`, { code, step, path, errno, hint, cause: upstream.error });
}

function finish(verifier: DigestVerifier, name: string): void {
  try {
    verifier.finish();
  } catch (error) {
    throw error instanceof RcxError ? inContext(error, name) : error;
  }
}
