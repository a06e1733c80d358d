import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { digestOf } from '../../ts/oci/digest.ts';

/** What goes wrong. */
export interface UploadFaults {
  /** The connection of the nth body (from 1) breaks after so many bytes of it, which are kept. */
  cut?: Record<number, number>;
  /** Bodies that are longer are refused. */
  largest?: number;
  /** Answers of these requests for an upload, the nth with a body, instead of the right ones. */
  answers?: Record<number, { status: number; headers?: Record<string, string> }>;
  /** The upload is gone after the nth body was cut. */
  forget?: boolean;
  /** The registry does not say how much it has. */
  silent?: boolean;
}

/** A registry that takes uploads by the book (distribution-spec, "Pushing Blobs"), but for its faults. */
export class UploadServer {
  readonly blobs = new Map<string, Buffer>();
  readonly manifests = new Map<string, { type: string; bytes: Buffer }>();
  /** `METHOD /path`, ids of uploads left out. */
  readonly seen: string[] = [];
  /** Length of each body that arrived whole. */
  readonly bodies: number[] = [];
  readonly faults: UploadFaults = {};
  readonly #server = createServer((request, response) => {
    // A client that went away in the middle is what some tests are about.
    this.#answer(request, response).catch(() => response.destroy());
  });
  readonly #uploads = new Map<string, Buffer>();
  #count = 0;
  host = '';

  async start(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    this.host = `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
    return this;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#server.closeAllConnections();
    await closed;
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = '', url = '' } = request;
    const { pathname, searchParams } = new URL(url, 'http://x');
    this.seen.push(`${method} ${pathname.replace(/uploads\/u.*/, 'uploads/ID')}`);
    const [, name = '', id] = /^\/v2\/(.*?)\/blobs\/uploads\/(.*)$/.exec(pathname) ?? [];
    if (id === '') return this.#begin(response, name, searchParams);
    if (id !== undefined) return await this.#upload(request, response, id, searchParams.get('digest'));
    if (method === 'HEAD') return this.#end(response, this.blobs.has(pathname.split('/').at(-1) ?? '') ? 200 : 404);
    const body = await collect(request);
    this.manifests.set(pathname.split('/').at(-1) ?? '', { type: request.headers['content-type'] ?? '', bytes: body });
    this.#end(response, 201);
  }

  #begin(response: ServerResponse, name: string, query: URLSearchParams): void {
    if (this.blobs.has(query.get('mount') ?? '')) {
      this.#end(response, 201);
      return;
    }
    const id = `u${this.#uploads.size}-${Date.now()}`;
    this.#uploads.set(id, Buffer.alloc(0));
    this.#end(response, 202, { location: `/v2/${name}/blobs/uploads/${id}?state=1` });
  }

  async #upload(request: IncomingMessage, response: ServerResponse, id: string, digest: string | null): Promise<void> {
    const before = this.#uploads.get(id);
    if (before === undefined) return this.#end(response, 404);
    if (request.method === 'GET') return this.#state(response, 204, before);
    if (request.headers['content-length'] !== '0') {
      this.#count++;
      const answer = this.faults.answers?.[this.#count];
      if (answer !== undefined || Number(request.headers['content-length']) > (this.faults.largest ?? Infinity)) {
        await collect(request);
        return this.#end(response, answer?.status ?? 413, answer?.headers);
      }
      const [, start = '0'] = /^(\d+)-/.exec(request.headers['content-range'] ?? '') ?? [];
      if (Number(start) !== before.length) return this.#state(response, 416, before);
      if (!(await this.#take(request, id, before))) return;
    }
    const content = this.#uploads.get(id) ?? Buffer.alloc(0);
    if (digest === null) return this.#state(response, 202, content);
    if (digestOf(content) !== digest) return this.#end(response, 400);
    this.blobs.set(digest, content);
    this.#end(response, 201);
  }

  /** @returns whether the body came whole */
  async #take(request: IncomingMessage, id: string, before: Buffer): Promise<boolean> {
    const cut = this.faults.cut?.[this.#count];
    const body = await collect(request, cut);
    this.#uploads.set(id, Buffer.concat([before, body]));
    if (cut === undefined) {
      this.bodies.push(body.length);
      return true;
    }
    if (this.faults.forget) this.#uploads.delete(id);
    request.socket.destroy();
    return false;
  }

  #state(response: ServerResponse, status: number, content: Buffer): void {
    const range = this.faults.silent ? {} : { range: `0-${Math.max(0, content.length - 1)}` };
    this.#end(response, status, range);
  }

  #end(response: ServerResponse, status: number, headers: Record<string, string> = {}): void {
    response.writeHead(status, headers).end();
  }
}

/** The body, or its first `most` bytes as soon as they are there. */
function collect(request: IncomingMessage, most = Number.POSITIVE_INFINITY): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let length = 0;
  return new Promise((resolve, reject) => {
    const finish = () => resolve(Buffer.concat(chunks).subarray(0, most));
    request.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      length += chunk.length;
      if (length >= most) finish();
    });
    request.once('end', finish).once('error', reject);
  });
}
