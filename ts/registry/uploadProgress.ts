import type { BlobUpload } from './upload.ts';

/** Tells how much of a blob has gone out, never less than before: a piece that is sent again is no progress. */
export class UploadProgress {
  readonly #tell: BlobUpload['onProgress'];
  #told = 0;

  constructor({ onProgress }: Pick<BlobUpload, 'onProgress'>) {
    this.#tell = onProgress;
  }

  /** Hands on the bytes from `start` on, and counts them. */
  async *pass(chunks: AsyncIterable<Buffer>, start: number): AsyncGenerator<Buffer> {
    let sent = start;
    for await (const chunk of chunks) {
      yield chunk;
      sent += chunk.byteLength;
      if (sent <= this.#told) continue;
      this.#told = sent;
      this.#tell?.(sent);
    }
  }
}
