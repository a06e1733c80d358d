import type { HttpResponse } from './transport.ts';

/**
 * Reads a small document; rejects with the network's own error.
 * @param limit bytes
 * @returns undefined when it is longer, in which case no more than `limit` bytes were kept and the rest was not awaited
 */
export async function readLimited({ headers, body }: HttpResponse, limit: number): Promise<Buffer | undefined> {
  if (Number(headers['content-length'] ?? 0) > limit) {
    body.destroy();
    return undefined;
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body as AsyncIterable<Buffer>) {
    size += chunk.byteLength;
    if (size > limit) return undefined;
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
