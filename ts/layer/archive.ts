import { native } from '../native/index.ts';
import type { algorithmOf, Digest } from '../oci/digest.ts';
import { toRcxError } from '../store/nativeError.ts';
import { invalidLayer } from './errors.ts';

/** What is read at a time: small enough for the processor's cache, in which the parser then finds it. */
const PIECE = 256 * 1024;
/** How long a read may block: a thread that waits in native code for longer could not be ended meanwhile. */
const PATIENCE_MS = 50;

/** The uncompressed archive of a layer as it comes in; for a thread that may block. */
export class LayerArchive {
  readonly #stream: ReturnType<typeof attach>;
  readonly #buffer: Buffer;
  readonly #algorithm: ReturnType<typeof algorithmOf>;

  /**
   * @param feed id of the feed that has the compressed layer
   * @param algorithm what the archive is hashed with
   */
  constructor(feed: number, algorithm: ReturnType<typeof algorithmOf>, piece: number = PIECE) {
    this.#algorithm = algorithm;
    this.#stream = attach(feed, this.#algorithm);
    this.#buffer = Buffer.allocUnsafe(piece);
  }

  /**
   * The pieces in their order. A piece is valid until the next one is asked for.
   * @throws ERR_RCX_LAYER_INVALID for damaged data, ERR_RCX_LAYER_READ, ERR_RCX_ABORTED
   */
  *pieces(): Generator<Buffer, void, void> {
    for (;;) {
      const length = this.#read();
      if (length === 0) return;
      if (length > 0) yield this.#buffer.subarray(0, length);
    }
  }

  /** Compressed bytes taken so far. */
  get consumed(): number {
    return this.#stream.consumed;
  }

  /** What the whole archive hashes to; once, after the last piece. */
  digest(): Digest {
    return `${this.#algorithm}:${this.#stream.digest()}`;
  }

  close(): void {
    this.#stream.close();
  }

  #read(): number {
    try {
      return this.#stream.read(this.#buffer, PATIENCE_MS);
    } catch (error) {
      const { code, message } = toRcxError(error, 'ERR_RCX_LAYER_READ');
      throw code === 'ERR_RCX_LAYER_INVALID' ? invalidLayer(message) : error;
    }
  }
}

function attach(feed: number, algorithm: ReturnType<typeof algorithmOf>) {
  return native().LayerStream.attach(feed, algorithm);
}
