import type { IncomingMessage } from 'node:http';
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

/** Bytes; reading more than this of a body costs more than a new connection. */
const MAX_DISCARDED = 128 * 1024;

/** Reads a body that nobody wants, so that its connection can be used again. */
export async function discard(body: IncomingMessage): Promise<void> {
  let size = 0;
  try {
    for await (const chunk of body as AsyncIterable<Buffer>) {
      size += chunk.byteLength;
      if (size > MAX_DISCARDED) return;
    }
  } catch {
    // A connection that broke is not used again; nothing else was to be had of it.
  }
}
