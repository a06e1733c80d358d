import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../ts/oci/digest.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../../ts/oci/mediaTypes.ts';
import { parseReference, type Reference } from '../../../ts/oci/reference.ts';
import { testClient } from '../../support/client.ts';
import { type HostileRegistry, startHostileRegistry } from '../../support/hostileRegistry.ts';

const DIGEST = digestOf(Buffer.from('x'));
const MANIFEST = JSON.stringify({
  schemaVersion: 2,
  mediaType: OCI_MANIFEST,
  config: { mediaType: OCI_CONFIG, digest: DIGEST, size: 1 },
  layers: [],
});
const PATH = '/v2/app/manifests/latest';

let server: HostileRegistry;
let reference: Reference;
beforeEach(async () => {
  server = await startHostileRegistry();
  reference = parseReference(`${server.host}/app`);
});
afterEach(() => server.close());

describe('what is served as a manifest', () => {
  it('is refused when it is a web page', async () => {
    server.on(PATH, (_, response) => response.setHeader('content-type', 'text/html').end('<html>welcome'));
    await expect(testClient().fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_INVALID_MANIFEST',
      message: `${server.host}/app:latest from ${server.host}: invalid manifest: it is not JSON (it was served as "text/html")`,
    });
  });

  it('is refused when it announces 50 MB, and not read', async () => {
    const size = 50 * 1024 * 1024;
    let written = 0;
    server.on(PATH, (_, response) => {
      response.writeHead(200, { 'content-type': OCI_MANIFEST, 'content-length': size });
      const piece = Buffer.alloc(64 * 1024, ' ');
      const more = (): void => {
        while (written < size && !response.destroyed) {
          written += piece.byteLength;
          if (!response.write(piece)) return void response.once('drain', more);
        }
      };
      more();
    });
    await expect(testClient().fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_MANIFEST_TOO_LARGE',
      message: expect.stringContaining(`is ${size} bytes`),
    });
    expect(written).toBeLessThan(size);
  });

  it('is refused when it goes on without end, and kept no longer than the limit', async () => {
    let written = 0;
    server.on(PATH, (_, response) => {
      response.writeHead(200, { 'content-type': OCI_MANIFEST });
      const piece = Buffer.alloc(64 * 1024, ' ');
      const more = (): void => {
        while (!response.destroyed) {
          written += piece.byteLength;
          if (!response.write(piece)) return void response.once('drain', more);
        }
      };
      more();
    });
    await expect(testClient().fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_MANIFEST_TOO_LARGE',
      message: expect.stringContaining('goes on'),
    });
    expect(written).toBeLessThan(50 * 1024 * 1024);
  });

  it('is refused when its digest is not the one asked for', async () => {
    server.on(`/v2/app/manifests/${DIGEST}`, (_, response) =>
      response.setHeader('content-type', OCI_MANIFEST).end(MANIFEST),
    );
    const { tag: _, ...untagged } = reference;
    await expect(testClient().fetchManifest({ ...untagged, digest: DIGEST })).rejects.toMatchObject({
      code: 'ERR_RCX_DIGEST_MISMATCH',
      message: expect.stringContaining(
        `${server.host}/app@${DIGEST} from ${server.host}: content does not match its digest`,
      ),
    });
  });

  it('is refused when its digest is not the one announced', async () => {
    server.on(PATH, (_, response) => {
      response.writeHead(200, { 'content-type': OCI_MANIFEST, 'docker-content-digest': DIGEST }).end(MANIFEST);
    });
    await expect(testClient().fetchManifest(reference)).rejects.toMatchObject({ code: 'ERR_RCX_DIGEST_MISMATCH' });
  });

  it.each([
    ['application/vnd.docker.distribution.manifest.v1+prettyjws', '{"schemaVersion":1,"fsLayers":[]}', 'schema 1'],
    ['application/vnd.example.thing+json', '{}', 'application/vnd.example.thing+json'],
  ])('is refused as %s', async (type, body, message) => {
    server.on(PATH, (_, response) => response.setHeader('content-type', type).end(body));
    await expect(testClient().fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_UNSUPPORTED_MEDIA_TYPE',
      message: expect.stringContaining(message),
    });
  });

  it('is asked for with all supported types, and without a login', async () => {
    server.on(PATH, (_, response) => response.setHeader('content-type', OCI_MANIFEST).end(MANIFEST));
    await testClient().fetchManifest(reference);
    const [request] = server.seenAt(PATH);
    expect(request?.headers.accept?.split(', ')).toEqual(
      expect.arrayContaining([OCI_MANIFEST, 'application/vnd.docker.distribution.manifest.list.v2+json']),
    );
    expect(request?.headers).not.toHaveProperty('authorization');
  });
});

describe('an answer that is a failure', () => {
  it.each([
    [401, 'ERR_RCX_UNAUTHORIZED', 1],
    [403, 'ERR_RCX_FORBIDDEN', 1],
    [404, 'ERR_RCX_IMAGE_NOT_FOUND', 1],
    [418, 'ERR_RCX_REGISTRY_ERROR', 1],
    [429, 'ERR_RCX_RATE_LIMITED', 5],
    [500, 'ERR_RCX_REGISTRY_UNAVAILABLE', 5],
    [501, 'ERR_RCX_REGISTRY_UNAVAILABLE', 1],
    [503, 'ERR_RCX_REGISTRY_UNAVAILABLE', 5],
  ])('HTTP %i is %s after %i attempts', async (status, code, attempts) => {
    const body = JSON.stringify({ errors: [{ code: 'SOME_CODE', message: 'in its own\nwords\u001b[31m' }] });
    server.on(PATH, (_, response) => response.writeHead(status).end(body));
    const failure = testClient().fetchManifest(reference);
    await expect(failure).rejects.toMatchObject({
      code,
      message: expect.stringMatching(new RegExp(`^${server.host}/app:latest: .*\\(HTTP ${status}`)),
      hint: expect.stringMatching(/^.+$/),
    });
    await expect(failure).rejects.toMatchObject({ message: expect.not.stringMatching(/\p{Cc}/u) });
    expect(server.seenAt(PATH)).toHaveLength(attempts);
  });

  it('repeats what the registry says', async () => {
    const body = JSON.stringify({ errors: [{ code: 'DENIED', message: 'not for you' }] });
    server.on(PATH, (_, response) => response.writeHead(403).end(body));
    await expect(testClient().fetchManifest(reference)).rejects.toThrow('(HTTP 403: DENIED not for you)');
  });

  it.each([429, 500, 502, 503, 504])('HTTP %i passes when the next attempt works', async (status) => {
    server.on(PATH, (_, response, nth) => {
      if (nth < 3) response.writeHead(status).end('<html>');
      else response.setHeader('content-type', OCI_MANIFEST).end(MANIFEST);
    });
    expect((await testClient().fetchManifest(reference)).bytes.toString()).toBe(MANIFEST);
  });

  it('waits as long as it is told', async () => {
    const at: number[] = [];
    server.on(PATH, (_, response, nth) => {
      at.push(performance.now());
      if (nth === 1) response.writeHead(429, { 'retry-after': '1' }).end();
      else response.setHeader('content-type', OCI_MANIFEST).end(MANIFEST);
    });
    await testClient().fetchManifest(reference);
    expect((at[1] ?? 0) - (at[0] ?? 0)).toBeGreaterThanOrEqual(990);
  });

  it('does not wait for hours, and says how long it should', async () => {
    server.on(PATH, (_, response) => response.writeHead(429, { 'retry-after': '21600' }).end());
    await expect(testClient().fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_RATE_LIMITED',
      message: expect.stringContaining('asked to wait 21600 s'),
    });
    expect(server.seenAt(PATH)).toHaveLength(1);
  });

  it('passes when the connection was reset or cut in the middle', async () => {
    server.on(PATH, (_, response, nth) => {
      if (nth === 1) return void response.socket?.destroy();
      response.writeHead(200, { 'content-type': OCI_MANIFEST, 'content-length': MANIFEST.length });
      if (nth === 2) response.write(MANIFEST.slice(0, 10), () => response.destroy());
      else response.end(MANIFEST);
    });
    expect((await testClient().fetchManifest(reference)).bytes.toString()).toBe(MANIFEST);
    expect(server.seenAt(PATH)).toHaveLength(3);
  });

  it('ends when the registry says nothing, or drips', async () => {
    server.on(PATH, () => undefined);
    const quick = { attempts: 1 };
    await expect(
      testClient({ timeouts: { headers: 100 }, retry: quick }).fetchManifest(reference),
    ).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_UNAVAILABLE',
      message: expect.stringContaining('no answer within the time limit'),
    });
    server.on(PATH, (_, response) => {
      response.writeHead(200, { 'content-type': OCI_MANIFEST }).write('{');
    });
    await expect(testClient({ timeouts: { idle: 100 }, retry: quick }).fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_UNAVAILABLE',
      message: expect.stringContaining('no further data within the time limit'),
    });
    server.on(PATH, (_, response) => {
      response.writeHead(200, { 'content-type': OCI_MANIFEST });
      const drip = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(drip));
    });
    await expect(
      testClient({ timeouts: { document: 300 }, retry: quick }).fetchManifest(reference),
    ).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_UNAVAILABLE',
      message: expect.stringContaining('no complete answer within the time limit'),
    });
  });
});
