import { isRcxError, type RcxError } from '../errors.ts';
import { type Digest, digestOf } from '../oci/digest.ts';
import { familiarName } from '../oci/reference.ts';
import type { Descriptor } from '../oci/types.ts';
import type { Subject } from './answer.ts';
import { discard } from './body.ts';
import type { Endpoint } from './endpoint.ts';
import type { RequestBody } from './exchange.ts';
import { Transient } from './failure.ts';
import { announcedDigest, either } from './manifest.ts';
import type { Repository } from './options.ts';
import { type RetryPolicy, withRetry } from './retry.ts';
import { pullScope, pushScope } from './scope.ts';
import type { Session } from './session.ts';
import type { HttpResponse } from './transport.ts';
import { type BlobUpload, type Uploaded, uploadBlob } from './upload.ts';
import { altered } from './uploadErrors.ts';

/** With what a push is made. */
export interface PushContext {
  retry: RetryPolicy;
  /** Milliseconds for one small request. */
  timeout: number;
  signal: AbortSignal | undefined;
}

/** Writes to one repository. */
export class Pusher {
  readonly #session: Session;
  readonly #endpoint: Endpoint;
  readonly #repository: Repository;
  readonly #context: PushContext;

  constructor(session: Session, endpoint: Endpoint, repository: Repository, context: PushContext) {
    this.#session = session;
    this.#endpoint = { ...endpoint, scopes: [pushScope(endpoint.repository)] };
    this.#repository = repository;
    this.#context = context;
  }

  /**
   * Whether the registry has a blob in the repository (distribution-spec, end-2).
   * @throws ERR_RCX_UNAUTHORIZED, ERR_RCX_FORBIDDEN, ERR_RCX_RATE_LIMITED, ERR_RCX_REGISTRY_UNAVAILABLE,
   *   ERR_RCX_REGISTRY_ERROR, ERR_RCX_ABORTED
   */
  async hasBlob(digest: Digest): Promise<boolean> {
    const response = await this.#small(`blobs/${digest}`, 'HEAD', this.#subject(digest), [200, 404, 307], {});
    return response.status !== 404;
  }

  /**
   * Sends a blob that the repository does not have; see {@link uploadBlob}.
   * @throws as {@link hasBlob}, and ERR_RCX_DIGEST_MISMATCH
   */
  async upload(
    descriptor: Descriptor,
    { read, onProgress, mountFrom }: Pick<BlobUpload, 'read' | 'onProgress' | 'mountFrom'>,
  ): Promise<Uploaded> {
    const { signal, retry } = this.#context;
    const upload = { subject: this.#subject(descriptor.digest), descriptor, read, signal, onProgress, mountFrom };
    const scopes = [...(this.#endpoint.scopes ?? []), ...(mountFrom === undefined ? [] : [pullScope(mountFrom)])];
    return await uploadBlob(this.#session, { ...this.#endpoint, scopes }, upload, retry);
  }

  /**
   * Stores a manifest (end-7), whose blobs must be there, under a tag or its own digest. A registry takes any manifest for a
   * tag, also one that was altered on its way: it is sent again until the registry says that it has the right one.
   * @throws as {@link hasBlob}, and ERR_RCX_DIGEST_MISMATCH
   */
  async putManifest(tagOrDigest: string, mediaType: string, bytes: Buffer): Promise<void> {
    const name = `${familiarName(this.#repository)}${tagOrDigest.includes(':') ? '@' : ':'}${tagOrDigest}`;
    const subject: Subject = { name, kind: 'push', registry: this.#endpoint.registry };
    const body = { length: bytes.length, open: () => once(bytes) };
    const digest = digestOf(bytes);
    const check = ({ headers }: HttpResponse) => {
      const stored = announcedDigest(headers['docker-content-digest']) ?? digest;
      if (stored.startsWith('sha256:') && stored !== digest)
        throw new Transient(altered(subject, this.#endpoint, digest, stored));
    };
    const headers = { 'content-type': mediaType };
    await this.#small(`manifests/${tagOrDigest}`, 'PUT', subject, [201], headers, { body, check });
  }

  async #small(
    path: string,
    method: 'HEAD' | 'PUT',
    subject: Subject,
    accepted: readonly number[],
    headers: Record<string, string>,
    { body, check }: { body?: RequestBody; check?: (response: HttpResponse) => void } = {},
  ): Promise<HttpResponse> {
    const { retry, timeout, signal } = this.#context;
    const target = { pathname: `/v2/${this.#endpoint.repository}/${path}`, search: '' };
    return await withRetry(retry, signal, async () => {
      const options = { method, headers, signal: either(AbortSignal.timeout(timeout), signal), ...(body && { body }) };
      const request = this.#session.requestAt(this.#endpoint, target, subject, accepted, options);
      const response = await request.catch((error: unknown) => {
        throw mayPass(error) ? new Transient(error) : error;
      });
      await discard(response.body);
      check?.(response);
      return response;
    });
  }

  #subject(digest: Digest): Subject {
    return {
      name: `${familiarName(this.#repository)} blob ${digest}`,
      kind: 'push',
      registry: this.#endpoint.registry,
    };
  }
}

/**
 * While two push the same layer, the registry of the CNCF may read the file that links it to the repository before it is
 * written, and then says of the manifest that a digest is none.
 */
function mayPass(error: unknown): error is RcxError {
  return isRcxError(error, 'ERR_RCX_REGISTRY_ERROR') && /\bDIGEST_INVALID\b/.test(error.message);
}

async function* once(bytes: Buffer): AsyncGenerator<Buffer> {
  yield bytes;
}
