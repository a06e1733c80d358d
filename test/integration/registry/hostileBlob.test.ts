import { randomBytes } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../ts/oci/digest.ts';
import { OCI_LAYER_GZIP } from '../../../ts/oci/mediaTypes.ts';
import { parseReference, type Reference } from '../../../ts/oci/reference.ts';
import type { Descriptor } from '../../../ts/oci/types.ts';
import { collect, testClient } from '../../support/client.ts';
import { type HostileRegistry, type SeenRequest, startHostileRegistry } from '../../support/hostileRegistry.ts';

const BLOB = randomBytes(600_000);
const LAYER: Descriptor = { mediaType: OCI_LAYER_GZIP, digest: digestOf(BLOB), size: BLOB.byteLength };
const PATH = `/v2/app/blobs/${LAYER.digest}`;

let server: HostileRegistry;
let reference: Reference;
beforeEach(async () => {
  server = await startHostileRegistry();
  reference = parseReference(`${server.host}/app`);
});
afterEach(() => server.close());

/** The offset that a request asks to begin at. */
function rangeStart({ headers }: SeenRequest): number {
  return Number(/^bytes=(\d+)-$/.exec(headers.range ?? '')?.[1] ?? 0);
}

/** Serves the blob, from the range asked for, and breaks the connection after `most` bytes of it. */
function serve(request: SeenRequest, response: ServerResponse, most = Number.POSITIVE_INFINITY): void {
  const start = rangeStart(request);
  const partial = request.headers.range !== undefined;
  response.writeHead(partial ? 206 : 200, {
    'content-length': BLOB.byteLength - start,
    ...(partial && { 'content-range': `bytes ${start}-${BLOB.byteLength - 1}/${BLOB.byteLength}` }),
  });
  const piece = BLOB.subarray(start, start + most);
  if (start + piece.byteLength === BLOB.byteLength) response.end(piece);
  else response.write(piece, () => setTimeout(() => response.destroy(), 20));
}

describe('a download that breaks', () => {
  it('is resumed where it broke', async () => {
    server.on(PATH, (request, response, nth) => serve(request, response, nth < 4 ? 100_000 : undefined));
    const progress: number[] = [];
    const blob = await collect(testClient().fetchBlob(reference, LAYER, { onProgress: (done) => progress.push(done) }));
    expect(blob.equals(BLOB)).toBe(true);
    expect(server.seenAt(PATH).map(rangeStart)).toEqual([0, 100_000, 200_000, 300_000]);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(BLOB.byteLength);
  });

  it('is resumed when a body without length simply ends', async () => {
    server.on(PATH, (request, response) => {
      const start = rangeStart(request);
      if (start > 0) return serve(request, response);
      response.writeHead(200).end(BLOB.subarray(0, 1234));
    });
    expect((await collect(testClient().fetchBlob(reference, LAYER))).equals(BLOB)).toBe(true);
    expect(server.seenAt(PATH).map(rangeStart)).toEqual([0, 1234]);
  });

  it('is given up when it never ends, with how far it came', async () => {
    server.on(PATH, (request, response) => {
      response.writeHead(request.headers.range === undefined ? 200 : 206, {
        ...(request.headers.range && {
          'content-range': `bytes ${rangeStart(request)}-${BLOB.byteLength - 1}/${BLOB.byteLength}`,
        }),
      });
      response.end(BLOB.subarray(rangeStart(request), rangeStart(request) + 10));
    });
    await expect(collect(testClient().fetchBlob(reference, LAYER))).rejects.toMatchObject({
      code: 'ERR_RCX_BLOB_TRUNCATED',
      message: `${server.host}/app blob ${LAYER.digest}: ${server.host} ended it after 50 of 600000 bytes`,
    });
    expect(server.seenAt(PATH)).toHaveLength(5);
  });

  it('may be read slowly without timing out', async () => {
    server.on(PATH, (request, response) => serve(request, response));
    let size = 0;
    for await (const chunk of testClient({ timeouts: { idle: 400 } }).fetchBlob(reference, LAYER)) {
      if (size === 0) await new Promise((resolve) => setTimeout(resolve, 1500));
      size += chunk.byteLength;
    }
    expect(size).toBe(BLOB.byteLength);
    expect(server.seenAt(PATH)).toHaveLength(1);
  });
});

describe('a blob that is not what it should be', () => {
  it('is refused when one byte differs', async () => {
    const changed = Buffer.from(BLOB);
    changed[300_000] = (changed[300_000] ?? 0) ^ 1;
    server.on(PATH, (_, response) => response.end(changed));
    await expect(collect(testClient().fetchBlob(reference, LAYER))).rejects.toMatchObject({
      code: 'ERR_RCX_DIGEST_MISMATCH',
      message: expect.stringMatching(`^${server.host}/app blob ${LAYER.digest}: content does not match`),
    });
  });

  it.each([1, -1])('is refused when its announced size differs by %i, before it is read', async (difference) => {
    server.on(PATH, (_, response) =>
      response.writeHead(200, { 'content-length': BLOB.byteLength + difference }).write('x'),
    );
    await expect(collect(testClient().fetchBlob(reference, LAYER))).rejects.toMatchObject({
      code: 'ERR_RCX_SIZE_MISMATCH',
      message: expect.stringContaining(
        `has ${BLOB.byteLength + difference} bytes, the manifest says ${BLOB.byteLength}`,
      ),
    });
    expect(server.seenAt(PATH)).toHaveLength(1);
  });

  it('is refused as soon as it is too long', async () => {
    let written = 0;
    server.on(PATH, (_, response) => {
      const more = (): void => {
        while (!response.destroyed) {
          written += BLOB.byteLength;
          if (!response.write(BLOB)) return void response.once('drain', more);
        }
      };
      more();
    });
    await expect(collect(testClient().fetchBlob(reference, LAYER))).rejects.toMatchObject({
      code: 'ERR_RCX_SIZE_MISMATCH',
    });
    expect(written).toBeLessThan(100 * BLOB.byteLength);
  });

  it('is not asked for when it is empty', async () => {
    const empty: Descriptor = { mediaType: OCI_LAYER_GZIP, digest: digestOf(Buffer.alloc(0)), size: 0 };
    expect((await collect(testClient().fetchBlob(reference, empty))).byteLength).toBe(0);
    const lie: Descriptor = { ...LAYER, size: 0 };
    await expect(collect(testClient().fetchBlob(reference, lie))).rejects.toMatchObject({
      code: 'ERR_RCX_DIGEST_MISMATCH',
    });
  });
});
