import { discard } from './body.ts';
import type { Endpoint } from './endpoint.ts';
import { speaksNoTls } from './failure.ts';
import type { HttpResponse, Transport } from './transport.ts';

/** Milliseconds; a plain-HTTP server may answer a TLS greeting with silence. */
const PROBE_TIMEOUT = 5_000;

/**
 * Finds out whether an insecure registry speaks HTTPS or plain HTTP: HTTPS first, so that a server which has both is never
 * spoken to in plain text, as with Docker. On loopback plain HTTP is assumed until a server says otherwise, which spares a
 * question. Remembers the answer. Carries no credentials.
 */
export class SchemeProbe {
  readonly #transport: Transport;
  readonly #known = new Map<string, Promise<URL>>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /**
   * Sends a request to the endpoint; and again over TLS where the server turns out to speak nothing else.
   * @param send gets the URL of the endpoint's host, with scheme and without path
   */
  async ask(
    endpoint: Endpoint,
    send: (base: URL) => Promise<HttpResponse>,
    signal: AbortSignal | undefined,
  ): Promise<HttpResponse> {
    const again = async () => await send(await unlessAborted(this.#base(endpoint), signal));
    let response: HttpResponse;
    try {
      response = await again();
    } catch (cause) {
      if (!isGarbled(cause) || !(await this.#correct(endpoint))) throw cause;
      return await again();
    }
    if (response.status !== BAD_REQUEST || !(await this.#correct(endpoint))) return response;
    await discard(response.body);
    return await again();
  }

  async #base({ host, schemes }: Endpoint): Promise<URL> {
    const [first, second] = schemes;
    if (second === undefined) return new URL(`${first}://${host}`);
    const known = this.#known.get(host);
    if (known === undefined && first === 'http') return new URL(`http://${host}`);
    return await this.#remember(host, known ?? this.#probe(host));
  }

  /**
   * When a server did not understand: whether it was spoken to by an assumption that turned out to be wrong, so
   * that the next attempt will go another way. Rejects with the failure of TLS where that is all the server speaks.
   */
  async #correct({ host, schemes }: Endpoint): Promise<boolean> {
    if (schemes.length === 1 || schemes[0] !== 'http' || this.#known.has(host)) return false;
    const base = await this.#remember(host, this.#probe(host));
    return base.protocol === 'https:';
  }

  async #remember(host: string, answer: Promise<URL>): Promise<URL> {
    this.#known.set(host, answer);
    try {
      return await answer;
    } catch (error) {
      // A registry that is down may be up at the next attempt.
      this.#known.delete(host);
      throw error;
    }
  }

  async #probe(host: string): Promise<URL> {
    const secure = new URL(`https://${host}`);
    const plain = new URL(`http://${host}`);
    try {
      await this.#answers(secure);
      return secure;
    } catch (cause) {
      if (await this.#speaks(plain, cause)) return plain;
      // Then HTTPS it is, and its failure is the one to report.
      throw cause;
    }
  }

  /** @param failure of HTTPS on the same port; if that was for want of TLS, then what keeps plain HTTP from answering counts */
  async #speaks(plain: URL, failure: unknown): Promise<boolean> {
    try {
      return (await this.#answers(plain)) !== BAD_REQUEST;
    } catch (cause) {
      if (speaksNoTls(failure)) throw cause;
      return false;
    }
  }

  async #answers(base: URL): Promise<number> {
    const response = await this.#transport.request(new URL('/v2/', base), { headersTimeout: PROBE_TIMEOUT });
    await discard(response.body);
    return response.status;
  }
}

/** What web servers answer to plain HTTP on their TLS port. */
const BAD_REQUEST = 400;

/** No HTTP came back: an alert of TLS, or the end of the connection. */
function isGarbled(cause: unknown): boolean {
  const code = cause instanceof Error ? (cause as NodeJS.ErrnoException).code : undefined;
  return code !== undefined && (code.startsWith('HPE_') || code === 'ECONNRESET' || code === 'EPIPE');
}

/** Waits for work that others wait for too: it goes on for them when this caller is cancelled. */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  if (signal === undefined) return work;
  let stop = (): void => undefined;
  const cancelled = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
  });
  signal.addEventListener('abort', stop, { once: true });
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, cancelled]);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}
