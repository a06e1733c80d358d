import type { LayerSink } from '../../native/index.ts';
import type { SparseMap, SparsePiece } from './sparse.ts';

/** Writes the content of a sparse file, which is stored piece after piece, to where the pieces belong. */
export class SparseWriter {
  readonly #sink: Pick<LayerSink, 'write' | 'skip' | 'endFile'>;
  readonly #pieces: readonly SparsePiece[];
  readonly #size: number;
  #piece = 0;
  #offset = 0;
  /** How much of the current piece was written. */
  #written = 0;

  constructor(sink: Pick<LayerSink, 'write' | 'skip' | 'endFile'>, map: SparseMap, size: number) {
    this.#sink = sink;
    this.#pieces = map.pieces;
    this.#size = size;
  }

  write(chunk: Buffer): void {
    for (let at = 0; at < chunk.length; ) {
      const piece = this.#pieces[this.#piece];
      // checkMap has made sure that pieces and content have the same length.
      if (piece === undefined) return;
      this.#skipTo(piece.offset + this.#written);
      const length = Math.min(piece.length - this.#written, chunk.length - at);
      this.#sink.write(chunk.subarray(at, at + length));
      at += length;
      this.#offset += length;
      this.#written += length;
      if (this.#written === piece.length) {
        this.#piece++;
        this.#written = 0;
      }
    }
  }

  end(): void {
    this.#skipTo(this.#size);
    this.#sink.endFile();
  }

  #skipTo(offset: number): void {
    if (offset > this.#offset) this.#sink.skip(offset - this.#offset);
    this.#offset = offset;
  }
}
