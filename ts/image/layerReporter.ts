import type { Descriptor } from '../oci/types.ts';
import type { LayerEvent, PullEvent } from './events.ts';

/** A terminal cannot show more than some steps a second, and a listener may be slow. */
const STEP_BYTES = 512 * 1024;

/** Turns what happens to one layer into events, few enough to be shown. */
export class LayerReporter {
  readonly #blob: Descriptor;
  readonly #emit: (event: PullEvent) => void;
  #received = 0;
  #reported = 0;
  #downloaded = false;

  constructor(blob: Descriptor, emit: (event: PullEvent) => void) {
    this.#blob = blob;
    this.#emit = emit;
  }

  exists(): void {
    this.#send('exists');
  }

  waiting(): void {
    this.#send('waiting');
  }

  /** The download begins anew. */
  restarted(): void {
    this.#received = 0;
    this.#reported = 0;
  }

  received(bytes: number): void {
    const first = this.#received === 0;
    this.#received += bytes;
    if (!first && this.#received - this.#reported < STEP_BYTES) return;
    this.#reported = this.#received;
    this.#send('downloading', this.#received);
  }

  downloaded(): void {
    this.#downloaded = true;
  }

  /** Unpacking goes on during the download, but one layer shows one thing at a time. */
  unpacked(bytes: number): void {
    if (this.#downloaded) this.#send('extracting', bytes);
  }

  complete(): void {
    this.#send('complete');
  }

  #send(status: LayerEvent['status'], current?: number): void {
    const { digest, size: total } = this.#blob;
    this.#emit({ type: 'layer', digest, status, ...(current !== undefined && { current, total }) });
  }
}
