import type { RcxError } from '../errors.ts';
import { discard } from './body.ts';
import type { Endpoint } from './endpoint.ts';
import { Transient } from './failure.ts';
import type { Session } from './session.ts';
import type { HttpResponse } from './transport.ts';
import type { BlobUpload, Uploaded } from './upload.ts';
import { confused, damaged } from './uploadErrors.ts';
import { UploadProgress } from './uploadProgress.ts';

/** Bytes of a piece where a server or something in front of it does not take the whole at once. */
const FIRST_PIECE = 16 * 1024 * 1024;
const LEAST_PIECE = 256 * 1024;

/** One upload with what is known of it on the other side. */
export class UploadTransfer {
  readonly #session: Session;
  readonly #endpoint: Endpoint;
  readonly #upload: BlobUpload;
  readonly #progress: UploadProgress;
  /** Where the registry wants the rest; unknown before the first request and when it has forgotten. */
  #location: URL | undefined;
  /** A request has failed: what the registry has must be asked for. */
  #uncertain = false;
  /** The registry was told that all of it has come, and may have taken it although its answer never came. */
  #finishing = false;
  /** What the registry has came by several connections, of which it may have got more than it told. */
  #resumed = false;
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
    if (this.#uncertain && (await this.#lookUp())) return 'pushed';
    if (this.#location === undefined && (await this.#begin())) return 'mounted';
    const { size } = this.#upload.descriptor;
    while (size - this.stored > this.#piece) await this.#sendPiece(this.stored + this.#piece);
    await this.#finish();
    return 'pushed';
  }

  /** After a failure: goes on where it was, with smaller pieces, if the registry knows where that is. */
  recover(): void {
    this.#uncertain = true;
    this.#piece = Math.min(this.#piece, FIRST_PIECE);
  }

  /** @returns whether the registry had the blob in the other repository */
  async #begin(): Promise<boolean> {
    const { descriptor, mountFrom } = this.#upload;
    this.stored = 0;
    this.#resumed = false;
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

  /** Finds out how much the registry has (end-13). @returns whether it has the whole blob, and under its name */
  async #lookUp(): Promise<boolean> {
    if (this.#location !== undefined) {
      // What a registry says of an upload that it does not want to go on with differs.
      const response = await this.#request(this.#location, 'GET', [202, 204, 400, 404, 416]);
      if (response.status < 300 && response.headers.range !== undefined) {
        this.#accept(response, 0);
        this.#resumed = true;
        this.#uncertain = false;
        return false;
      }
      this.#location = undefined;
    }
    const isThere = this.#finishing && (await this.#isThere());
    this.#uncertain = false;
    return isThere;
  }

  async #isThere(): Promise<boolean> {
    const pathname = `/v2/${this.#endpoint.repository}/blobs/${this.#upload.descriptor.digest}`;
    return (await this.#request({ pathname, search: '' }, 'HEAD', [200, 404])).status === 200;
  }

  async #sendPiece(end: number): Promise<void> {
    const headers = {
      'content-type': 'application/octet-stream',
      'content-range': `${this.stored}-${end - 1}`,
    };
    const response = await this.#request(this.#where(), 'PATCH', [202, 404, 413, 416], headers, end);
    if (response.status === 413) this.#halve(response);
    else if (response.status === 404) throw this.#forgotten();
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
    this.#finishing = true;
    const response = await this.#request(url, 'PUT', [201, 204, 400, 404, 413, 416], headers, descriptor.size);
    if (response.status < 300) return;
    if (response.status === 400) throw this.#damaged();
    if (response.status === 404) throw this.#forgotten();
    if (response.status === 416) throw this.#elsewhere();
    this.#halve(response);
    await this.run();
  }

  async #request(
    target: URL | { pathname: string; search: string },
    method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH',
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
    const isQuestion = method === 'GET' || method === 'HEAD';
    const all = hasBody || isQuestion ? headers : { ...headers, 'content-length': '0' };
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
    if (this.#location === undefined) throw this.#forgotten();
    return this.#location;
  }

  #forgotten(): Transient {
    this.#location = undefined;
    return new Transient(this.#confused('has forgotten the upload'));
  }

  /** A blob that came in one go is not what it should be; what was put together of several may be right the next time. */
  #damaged(): RcxError | Transient {
    const error = damaged(this.#upload, this.#endpoint);
    if (!this.#resumed) return error;
    this.#location = undefined;
    return new Transient(error);
  }

  #confused(problem: string): RcxError {
    return confused(this.#upload, this.#endpoint, problem);
  }
}
