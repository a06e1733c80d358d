import { RcxError } from '../errors.ts';
import { plain } from '../oci/quote.ts';
import type { Descriptor } from '../oci/types.ts';
import type { Subject } from './answer.ts';
import { discard } from './body.ts';
import { type Endpoint, endpointName } from './endpoint.ts';
import { Transient } from './failure.ts';
import { type RetryPolicy, waitAfter } from './retry.ts';
import type { Session } from './session.ts';
import type { HttpResponse } from './transport.ts';
import { UploadProgress } from './uploadProgress.ts';

/** A blob that is to be sent. */
export interface BlobUpload {
  subject: Subject;
  descriptor: Descriptor;
  /** Its bytes from `start` on, up to but not including `end`. */
  read(start: number, end: number): AsyncIterable<Buffer>;
  signal: AbortSignal | undefined;
  /** Called with the bytes that have gone out. */
  onProgress: ((bytesSoFar: number) => void) | undefined;
  /** Repository of the same registry that may have it. */
  mountFrom?: string | undefined;
}

/** What became of an upload. */
export type Uploaded = 'pushed' | 'mounted';

/** Bytes of a piece where a server or something in front of it does not take the whole at once. */
const FIRST_PIECE = 16 * 1024 * 1024;
const LEAST_PIECE = 256 * 1024;

/**
 * Sends a blob (distribution-spec, "Pushing Blobs"): in one request if the registry takes that, in pieces where it does not,
 * and after a broken connection from where it broke.
 * @throws RcxError
 */
export async function uploadBlob(
  session: Session,
  endpoint: Endpoint,
  upload: BlobUpload,
  retry: RetryPolicy,
): Promise<Uploaded> {
  const transfer = new Transfer(session, endpoint, upload);
  let mark = 0;
  let made = 0;
  for (;;) {
    try {
      return await transfer.run();
    } catch (failure) {
      if (transfer.stored > mark) {
        mark = transfer.stored;
        made = 0;
      }
      made++;
      await waitAfter(failure, made, retry, upload.signal);
      transfer.recover();
    }
  }
}

/** One upload with what is known of it on the other side. */
class Transfer {
  readonly #session: Session;
  readonly #endpoint: Endpoint;
  readonly #upload: BlobUpload;
  readonly #progress: UploadProgress;
  /** Where the registry wants the rest; unknown before the first request and when it has forgotten. */
  #location: URL | undefined;
  /** Whether it has to be asked how much it has. */
  #uncertain = false;
  #piece = Number.POSITIVE_INFINITY;
  /** Bytes that the registry has. */
  stored = 0;

  constructor(session: Session, endpoint: Endpoint, upload: BlobUpload) {
    this.#session = session;
    this.#endpoint = endpoint;
    this.#upload = upload;
    this.#progress = new UploadProgress(upload);
  }

  async run(): Promise<Uploaded> {
    if (this.#uncertain) await this.#ask();
    if (this.#location === undefined && (await this.#begin())) return 'mounted';
    const { size } = this.#upload.descriptor;
    while (size - this.stored > this.#piece) await this.#sendPiece(this.stored + this.#piece);
    await this.#finish();
    return 'pushed';
  }

  /** After a failure: goes on where it was, with smaller pieces, if the registry knows where that is. */
  recover(): void {
    this.#uncertain = this.#location !== undefined;
    this.#piece = Math.min(this.#piece, FIRST_PIECE);
  }

  /** @returns whether the registry had the blob in the other repository */
  async #begin(): Promise<boolean> {
    const { descriptor, mountFrom } = this.#upload;
    this.stored = 0;
    const search =
      mountFrom === undefined ? '' : `?${new URLSearchParams({ mount: descriptor.digest, from: mountFrom })}`;
    const target = { pathname: `/v2/${this.#endpoint.repository}/blobs/uploads/`, search };
    const response = await this.#request(target, 'POST', mountFrom === undefined ? [202] : [201, 202]);
    if (response.status === 201) return true;
    this.#follow(response);
    const least = Number(response.headers['oci-chunk-min-length'] ?? 0);
    if (Number.isSafeInteger(least) && least > this.#piece) this.#piece = least;
    return false;
  }

  /** How much the registry has (end-13). */
  async #ask(): Promise<void> {
    const response = await this.#request(this.#where(), 'GET', [202, 204, 404]);
    this.#uncertain = false;
    if (response.status === 404 || response.headers.range === undefined) this.#location = undefined;
    else this.#accept(response, 0);
  }

  async #sendPiece(end: number): Promise<void> {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-range': `${this.stored}-${end - 1}`,
    };
    const response = await this.#request(this.#where(), 'PATCH', [202, 413, 416], headers, end);
    if (response.status === 413) this.#halve(response);
    else if (response.status === 416) throw this.#elsewhere();
    else this.#accept(response, end);
  }

  /** The rest, and that it is the rest. */
  async #finish(): Promise<void> {
    const { descriptor } = this.#upload;
    const url = new URL(this.#where());
    url.searchParams.set('digest', descriptor.digest);
    const rest = descriptor.size - this.stored;
    const headers: Record<string, string> = rest === 0 ? {} : { 'content-type': 'application/octet-stream' };
    if (this.stored > 0 && rest > 0) headers['content-range'] = `${this.stored}-${descriptor.size - 1}`;
    const response = await this.#request(url, 'PUT', [201, 204, 400, 413, 416], headers, descriptor.size);
    if (response.status < 300) return;
    if (response.status === 400) throw damaged(this.#upload.subject, this.#endpoint, descriptor);
    if (response.status === 416) throw this.#elsewhere();
    this.#halve(response);
    await this.run();
  }

  async #request(
    target: URL | { pathname: string; search: string },
    method: 'GET' | 'POST' | 'PUT' | 'PATCH',
    accepted: readonly number[],
    headers: Record<string, string> = {},
    end?: number,
  ): Promise<HttpResponse> {
    const { subject, signal, read } = this.#upload;
    const start = this.stored;
    const hasBody = end !== undefined && end > start;
    const body = hasBody
      ? { length: end - start, open: () => this.#progress.pass(read(start, end), start) }
      : undefined;
    const all = hasBody || method === 'GET' ? headers : { ...headers, 'content-length': '0' };
    const response = await this.#session.requestAt(this.#endpoint, target, subject, accepted, {
      ...{ method, headers: all, signal },
      ...(body !== undefined && { body }),
    });
    await discard(response.body);
    return response;
  }

  /** @param sent how far it must be where the registry does not say */
  #accept(response: HttpResponse, sent: number): void {
    this.#follow(response);
    const [, last] = /^(?:bytes=)?0-(\d+)$/.exec(String(response.headers.range)) ?? [];
    this.stored = last === undefined ? sent : Number(last) + 1;
    // An empty upload has the range 0-0, which one of a single byte has as well.
    if (this.stored === 1) this.stored = 0;
    if (this.stored > this.#upload.descriptor.size) throw this.#confused(`has ${this.stored} bytes`);
  }

  #follow(response: HttpResponse): void {
    const { location } = response.headers;
    if (location === undefined && this.#location !== undefined) return;
    if (location === undefined || !URL.canParse(location, response.url.href))
      throw this.#confused('does not say where');
    const url = new URL(location, response.url);
    if (response.url.protocol === 'https:' && url.protocol !== 'https:') throw this.#confused('leads to plain HTTP');
    this.#location = url;
  }

  /** Something on the way takes no requests of that length. */
  #halve(response: HttpResponse): void {
    const sent = Math.min(this.#piece, this.#upload.descriptor.size - this.stored);
    this.#piece = Math.min(FIRST_PIECE, Math.floor(sent / 2));
    if (this.#piece < LEAST_PIECE)
      throw this.#confused(`takes no more than ${this.#piece} bytes (HTTP ${response.status})`);
  }

  /** The registry has more or less than it said. */
  #elsewhere(): Transient {
    return new Transient(this.#confused(`does not want the bytes from ${this.stored} on`));
  }

  #where(): URL {
    if (this.#location === undefined) throw new Transient(this.#confused('has forgotten the upload'));
    return this.#location;
  }

  #confused(problem: string): RcxError {
    const where = endpointName(this.#endpoint);
    return new RcxError(`${this.#upload.subject.name}: the upload to ${where} cannot go on: it ${plain(problem)}`, {
      code: 'ERR_RCX_REGISTRY_ERROR',
      step: 'push',
      path: this.#upload.descriptor.digest,
      hint: 'This is a fault of the registry or of a proxy on the way to it; try again, or ask its operator.',
    });
  }
}

function damaged(subject: Subject, endpoint: Endpoint, { digest }: Descriptor): RcxError {
  return new RcxError(`${subject.name}: ${endpointName(endpoint)} refuses ${digest}: what it got is something else`, {
    code: 'ERR_RCX_DIGEST_MISMATCH',
    step: 'push',
    path: digest,
    hint: 'Either the store is damaged (see: rcx system check) or the transfer was: try again.',
  });
}
