import type { Endpoint } from './endpoint.ts';
import type { Transport } from './transport.ts';

/** Milliseconds; a plain-HTTP server may answer a TLS greeting with silence. */
const PROBE_TIMEOUT = 5_000;

/**
 * Finds out whether an insecure or loopback registry speaks HTTPS or plain HTTP, as Docker does: HTTPS first, so that a
 * server which has both is never spoken to in plain text. Remembers the answer. Carries no credentials.
 */
export class SchemeProbe {
  readonly #transport: Transport;
  readonly #known = new Map<string, Promise<URL>>();

  constructor(transport: Transport) {
    this.#transport = transport;
  }

  /** The URL of the endpoint's host, with scheme and without path; rejects with the network's own error. */
  async base({ host, schemes }: Endpoint): Promise<URL> {
    const [first, second] = schemes;
    if (second === undefined) return new URL(`${first}://${host}`);
    const known = this.#known.get(host) ?? this.#probe(host);
    this.#known.set(host, known);
    try {
      return await known;
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
      const status = await this.#answers(plain).catch(() => undefined);
      // Web servers say 400 to plain HTTP on their TLS port: then HTTPS it is, and its failure is the one to report.
      if (status !== undefined && status !== 400) return plain;
      throw cause;
    }
  }

  async #answers(base: URL): Promise<number> {
    const response = await this.#transport.request(new URL('/v2/', base), { headersTimeout: PROBE_TIMEOUT });
    await response.body.dump();
    return response.status;
  }
}
