import { RcxError } from '../errors.ts';
import type { DigestVerifier } from '../oci/digest.ts';
import { plain } from '../oci/quote.ts';
import type { Subject } from './answer.ts';
import { discard } from './body.ts';
import { type Endpoint, endpointName } from './endpoint.ts';
import { networkFailure, Transient } from './failure.ts';
import { type RetryPolicy, waitAfter } from './retry.ts';
import type { Session } from './session.ts';
import type { HttpResponse } from './transport.ts';

/** Bytes that make a broken connection count as progress: with less, a server could keep rcx trying for ever. */
const PROGRESS = 1024 * 1024;

/** A blob on its way: what it should become, and how far it is. */
export interface BlobTransfer {
  subject: Subject;
  size: number;
  verifier: DigestVerifier;
  signal: AbortSignal | undefined;
  onProgress: ((bytesSoFar: number) => void) | undefined;
  onResume: (() => void) | undefined;
}

/**
 * Streams what is missing of a blob from one endpoint. A connection that breaks is taken up again where it broke.
 * @throws RcxError; `transfer.verifier` then still stands where the stream stopped, unless more than `size` arrived
 */
export async function* streamBlob(
  session: Session,
  endpoint: Endpoint,
  transfer: BlobTransfer,
  retry: RetryPolicy,
): AsyncGenerator<Buffer, void, void> {
  const { verifier, size, signal } = transfer;
  const server = { honoursRange: true };
  let mark = verifier.received;
  let made = 0;
  while (verifier.received < size) {
    try {
      yield* request(session, endpoint, transfer, server);
      if (verifier.received < size) throw new Transient(truncated(endpoint, transfer));
    } catch (failure) {
      if (verifier.received - mark >= PROGRESS) {
        mark = verifier.received;
        made = 0;
      }
      made++;
      await waitAfter(failure, made, retry, signal);
    }
  }
}

async function* request(
  session: Session,
  endpoint: Endpoint,
  transfer: BlobTransfer,
  server: { honoursRange: boolean },
): AsyncGenerator<Buffer, void, void> {
  const { subject, verifier, signal, onProgress, onResume } = transfer;
  if (verifier.received > 0) onResume?.();
  const isPart = verifier.received > 0 && server.honoursRange;
  const headers: Record<string, string> = isPart ? { range: `bytes=${verifier.received}-` } : {};
  const accepted = isPart ? [200, 206, 416] : [200];
  const response = await session.get(endpoint, `blobs/${verifier.expected}`, subject, accepted, { headers, signal });
  const start = startOf(response, transfer);
  if (start === undefined) {
    // Next time the whole blob is asked for, and what is there already is skipped.
    server.honoursRange = false;
    await discard(response.body);
    throw new Transient(badRange(endpoint, transfer, response));
  }
  let skip = verifier.received - start;
  for await (const chunk of readBody(response, endpoint, transfer)) {
    const fresh = skip === 0 ? chunk : chunk.subarray(skip);
    skip -= chunk.byteLength - fresh.byteLength;
    if (fresh.byteLength === 0) continue;
    verifier.update(fresh);
    onProgress?.(verifier.received);
    yield fresh;
  }
}

/**
 * The offset at which an answer's body begins; undefined for a range that was not asked for.
 * @throws ERR_RCX_SIZE_MISMATCH when the server announces another size than the manifest
 */
function startOf(
  { status, headers, body }: HttpResponse,
  { subject, size, verifier }: BlobTransfer,
): number | undefined {
  const [, start, total] = /^bytes (\d+)-\d+\/(\d+|\*)$/.exec(String(headers['content-range'])) ?? [];
  const announced = status === 200 ? headers['content-length'] : total;
  if (announced !== undefined && announced !== '*' && Number(announced) !== size) {
    body.destroy();
    throw new RcxError(
      `${subject.name}: the registry has ${plain(String(announced))} bytes, the manifest says ${size}`,
      {
        code: 'ERR_RCX_SIZE_MISMATCH',
        step: 'fetch blob',
        path: verifier.expected,
        hint: 'the image in the registry is damaged: push it again, or use another tag or mirror.',
      },
    );
  }
  if (status === 200) return 0;
  return status === 206 && Number(start) === verifier.received ? verifier.received : undefined;
}

async function* readBody(
  response: HttpResponse,
  endpoint: Endpoint,
  { subject, signal }: BlobTransfer,
): AsyncGenerator<Buffer, void, void> {
  try {
    yield* response.body as AsyncIterable<Buffer>;
  } catch (cause) {
    throw networkFailure(subject.name, endpointName(endpoint), cause, signal);
  }
}

function truncated(endpoint: Endpoint, { subject, size, verifier }: BlobTransfer): RcxError {
  const where = endpointName(endpoint);
  return new RcxError(`${subject.name}: ${where} ended it after ${verifier.received} of ${size} bytes`, {
    code: 'ERR_RCX_BLOB_TRUNCATED',
    step: 'fetch blob',
    path: verifier.expected,
    hint: 'the registry or a proxy on the way cuts the download short; try again, or use a mirror.',
  });
}

function badRange(
  endpoint: Endpoint,
  { subject, verifier }: BlobTransfer,
  { status, headers }: HttpResponse,
): RcxError {
  const range = plain(String(headers['content-range'] ?? 'none'));
  const where = endpointName(endpoint);
  return new RcxError(`${subject.name}: ${where} cannot resume it (HTTP ${status}, Content-Range ${range})`, {
    code: 'ERR_RCX_REGISTRY_ERROR',
    step: 'fetch blob',
    path: verifier.expected,
    hint: 'this is a fault of the registry or of a proxy on the way to it; try again, or use a mirror.',
  });
}
