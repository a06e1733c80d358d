import { invalidLayer } from './errors.ts';

/** What one layer may cost. Compression makes a small download a large tree: these stop it before the disk is full. */
export interface LayerLimits {
  /** Bytes of the uncompressed archive. */
  maxBytes: number;
  /** Sum of the sizes of its files, holes of sparse ones included. */
  maxFileBytes: number;
  /** Uncompressed bytes for each compressed one, looked at beyond `ratioFrom` uncompressed bytes. */
  maxRatio: number;
  ratioFrom: number;
  /** Members of the archive. */
  maxEntries: number;
  /** Bytes of memory that its directories and deletions take until its end, when they are settled. */
  maxHeld: number;
}

const GiB = 1024 ** 3;

/**
 * Far above what real layers are (machine-learning images have layers of some 30 GiB and a million files), and gzip
 * cannot exceed a ratio of 1032, which a file of zeros reaches: so the ratio counts only for large layers.
 */
export const DEFAULT_LIMITS: LayerLimits = {
  maxBytes: 256 * GiB,
  maxFileBytes: 1024 * GiB,
  maxRatio: 250,
  ratioFrom: 8 * GiB,
  maxEntries: 4_000_000,
  maxHeld: GiB / 2,
};

/** Keeps count for one layer. */
export class LimitChecker {
  readonly #limits: LayerLimits;
  #bytes = 0;
  #fileBytes = 0;
  #entries = 0;

  constructor(limits: LayerLimits) {
    this.#limits = limits;
  }

  get entries(): number {
    return this.#entries;
  }

  /** @param compressed bytes of the compressed stream taken so far */
  output(length: number, compressed: number): void {
    this.#bytes += length;
    const { maxBytes, maxRatio, ratioFrom } = this.#limits;
    if (this.#bytes > maxBytes) throw exceeded(`it unpacks to more than ${maxBytes} bytes`);
    if (this.#bytes > ratioFrom && this.#bytes > compressed * maxRatio) {
      throw exceeded(`it unpacks to more than ${maxRatio} times its compressed size`);
    }
  }

  entry(size: number): void {
    this.#entries++;
    this.#fileBytes += size;
    const { maxEntries, maxFileBytes } = this.#limits;
    if (this.#entries > maxEntries) throw exceeded(`it has more than ${maxEntries} entries`);
    if (this.#fileBytes > maxFileBytes) throw exceeded(`its files are longer than ${maxFileBytes} bytes together`);
  }
}

function exceeded(rule: string) {
  return invalidLayer(`the layer is too large: ${rule}`);
}
