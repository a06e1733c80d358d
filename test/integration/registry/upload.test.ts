import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../ts/oci/digest.ts';
import { OCI_LAYER_GZIP } from '../../../ts/oci/mediaTypes.ts';
import type { Pusher } from '../../../ts/registry/pusher.ts';
import { testClient } from '../../support/client.ts';
import { UploadServer } from '../../support/uploadServer.ts';

const MIB = 1024 * 1024;
const BLOB = randomBytes(3 * MIB);
const LAYER = { mediaType: OCI_LAYER_GZIP, digest: digestOf(BLOB), size: BLOB.length };

let server: UploadServer;
beforeEach(async () => {
  server = await new UploadServer().start();
});
afterEach(() => server.close());

const pusher = (signal?: AbortSignal): Pusher =>
  testClient().pusher({ registry: server.host, repository: 'me/app' }, signal);

/** Uploads {@link BLOB}; returns the progress that was told. */
async function upload(blob: Buffer = BLOB, mountFrom?: string): Promise<number[]> {
  const progress: number[] = [];
  async function* read(start: number, end: number) {
    for (let at = start; at < end; at += 64 * 1024) yield blob.subarray(at, Math.min(at + 64 * 1024, end));
  }
  const descriptor = { ...LAYER, digest: digestOf(blob), size: blob.length };
  await pusher().upload(descriptor, { read, mountFrom, onProgress: (bytes) => progress.push(bytes) });
  return progress;
}

const expectStored = (blob: Buffer = BLOB) => expect(server.blobs.get(digestOf(blob))?.equals(blob)).toBe(true);

describe('an upload', () => {
  it('is two requests', async () => {
    const progress = await upload();
    expectStored();
    expect(server.seen).toEqual(['POST /v2/me/app/blobs/uploads/', 'PUT /v2/me/app/blobs/uploads/ID']);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
    expect(progress.at(-1)).toBe(BLOB.length);
  });

  it('is none of what the registry has in another repository', async () => {
    server.blobs.set(LAYER.digest, BLOB);
    expect(await upload(BLOB, 'library/ubuntu')).toEqual([]);
    expect(server.seen).toEqual(['POST /v2/me/app/blobs/uploads/']);
    await upload(Buffer.from('elsewhere'), 'library/ubuntu');
    expectStored(Buffer.from('elsewhere'));
  });

  it('goes on where the connection broke, and its progress never goes back', async () => {
    server.faults.cut = { 1: MIB, 2: MIB / 2 };
    const progress = await upload();
    expectStored();
    expect(server.bodies).toEqual([1.5 * MIB]);
    expect(progress).toEqual([...progress].sort((a, b) => a - b));
  });

  it('begins anew where the registry has forgotten it', async () => {
    server.faults.cut = { 1: MIB };
    server.faults.forget = true;
    await upload();
    expectStored();
    expect(server.bodies).toEqual([3 * MIB]);
  });

  it('begins anew where the registry does not say how much it has', async () => {
    Object.assign(server.faults, { cut: { 1: MIB }, silent: true });
    await upload();
    expectStored();
    expect(server.bodies).toEqual([3 * MIB]);
  });

  it('comes in pieces where something on the way takes no more', async () => {
    server.faults.largest = MIB;
    await upload();
    expectStored();
    expect(Math.max(...server.bodies)).toBeLessThanOrEqual(MIB);
  });

  it('gives up where no piece is small enough', async () => {
    server.faults.largest = 1000;
    await expect(upload()).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_ERROR',
      message: expect.stringContaining('takes no more than'),
    });
  });

  it('is tried again while the registry is out of order', async () => {
    server.faults.answers = { 1: { status: 503 }, 2: { status: 429, headers: { 'retry-after': '0' } } };
    await upload();
    expectStored();
  });

  it('is tried again no longer than it makes sense', async () => {
    server.faults.answers = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [i + 1, { status: 500 }]));
    await expect(upload()).rejects.toMatchObject({ code: 'ERR_RCX_REGISTRY_UNAVAILABLE' });
    expect(server.seen.filter((line) => line.startsWith('PUT'))).toHaveLength(5);
  });

  it('of something else than its digest says is refused, once', async () => {
    async function* read() {
      yield Buffer.alloc(BLOB.length);
    }
    await expect(pusher().upload(LAYER, { read, onProgress: undefined })).rejects.toMatchObject({
      code: 'ERR_RCX_DIGEST_MISMATCH',
      hint: expect.stringContaining('system check'),
    });
    expect(server.bodies).toHaveLength(1);
  });

  it('tells why its source could not be read', async () => {
    async function* read(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(10);
      throw Object.assign(new Error('the disk is broken'), { code: 'EIO' });
    }
    await expect(pusher().upload(LAYER, { read, onProgress: undefined })).rejects.toThrow(/the disk is broken|EIO/);
  });

  it('ends when it is cancelled', async () => {
    const abort = new AbortController();
    async function* read(): AsyncGenerator<Buffer> {
      yield Buffer.alloc(10);
      abort.abort();
      await new Promise((resolve) => setTimeout(resolve, 1000));
    }
    const sent = pusher(abort.signal).upload(LAYER, { read, onProgress: undefined });
    await expect(sent).rejects.toMatchObject({ code: 'ERR_RCX_ABORTED' });
  });

  it.each([401, 403])('that is refused with HTTP %i says who may', async (status) => {
    server.faults.answers = { 1: { status } };
    await expect(upload()).rejects.toMatchObject({
      code: status === 401 ? 'ERR_RCX_UNAUTHORIZED' : 'ERR_RCX_FORBIDDEN',
      hint: expect.stringContaining(`rcx login ${server.host}`),
    });
  });
});

describe('a manifest', () => {
  it('is stored under its tag, as it is', async () => {
    await pusher().putManifest('v1', 'application/x', Buffer.from('{"a": 1}'));
    expect(server.manifests.get('v1')).toEqual({ type: 'application/x', bytes: Buffer.from('{"a": 1}') });
  });
});
