import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../ts/oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../../ts/oci/mediaTypes.ts';
import { parseReference, type Reference } from '../../../ts/oci/reference.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { basicAuth, collect, testClient } from '../../support/client.ts';
import { type HostileRegistry, type SeenRequest, startHostileRegistry } from '../../support/hostileRegistry.ts';

const BLOB = Buffer.from('layer');
const LAYER = { mediaType: OCI_LAYER_GZIP, digest: digestOf(BLOB), size: BLOB.byteLength };
const CONFIG = { mediaType: OCI_CONFIG, digest: digestOf(Buffer.from('x')), size: 1 };
const MANIFEST = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: CONFIG, layers: [LAYER] });
const MANIFEST_PATH = '/v2/me/app/manifests/latest';
const BLOB_PATH = `/v2/me/app/blobs/${LAYER.digest}`;
const LOGIN = { username: 'me', password: 'pass:word' };
const BASIC = `Basic ${basicAuth(LOGIN).auth}`;

let server: HostileRegistry;
let tokens: HostileRegistry;
let reference: Reference;
/** The tokens that the registry takes just now. */
let valid: Set<string>;
beforeEach(async () => {
  server = await startHostileRegistry();
  tokens = await startHostileRegistry();
  reference = parseReference(`${server.host}/me/app`);
  valid = new Set();
  guard(MANIFEST_PATH, OCI_MANIFEST, MANIFEST);
  guard(BLOB_PATH, 'application/octet-stream', BLOB);
  tokens.on('/token', (_, response, nth) => {
    valid.add(`t-${nth}`);
    response.end(JSON.stringify({ token: `t-${nth}`, expires_in: 300 }));
  });
});
afterEach(() => Promise.all([server.close(), tokens.close()]));

/** Serves `body` to whoever has a valid token, and sends everybody else to the token service. */
function guard(path: string, type: string, body: string | Buffer, realm = `${tokens.url}/token`): void {
  server.on(path, ({ headers }, response) => {
    if (valid.has((headers.authorization ?? '').replace('Bearer ', ''))) {
      response.setHeader('content-type', type).end(body);
    } else {
      const challenge = `Bearer realm="${realm}",service="the registry",scope="repository:me/app:pull"`;
      response.writeHead(401, { 'www-authenticate': challenge }).end('{"errors":[{"code":"UNAUTHORIZED"}]}');
    }
  });
}

const query = (request: SeenRequest | undefined) =>
  Object.fromEntries(new URL(request?.url ?? '', 'http://x').searchParams);

describe('Bearer tokens', () => {
  it('are fetched without a login where there is none, once for all that need one', async () => {
    const client = testClient();
    await client.fetchManifest(reference);
    const blobs = [1, 2, 3].map(() => collect(client.fetchBlob(reference, LAYER)));
    expect(await Promise.all(blobs)).toEqual([BLOB, BLOB, BLOB]);
    expect(tokens.seen).toHaveLength(1);
    expect(query(tokens.seen[0])).toEqual({ service: 'the registry', scope: 'repository:me/app:pull' });
    expect(tokens.seen[0]?.headers).not.toHaveProperty('authorization');
    expect(server.seenAt(BLOB_PATH)).toHaveLength(3);
  });

  it('are fetched once by requests that are refused at the same time', async () => {
    const client = testClient();
    await Promise.all([1, 2, 3, 4, 5].map(() => collect(client.fetchBlob(reference, LAYER))));
    expect(tokens.seen).toHaveLength(1);
  });

  it('are fetched with the login, which goes to the token service only', async () => {
    await testClient({ auths: { [server.host]: basicAuth(LOGIN) } }).fetchManifest(reference);
    expect(tokens.seen[0]?.headers.authorization).toBe(BASIC);
    expect(query(tokens.seen[0])).toMatchObject({ account: 'me' });
    expect(server.seen.map(({ headers }) => headers.authorization)).not.toContain(BASIC);
  });

  it('are exchanged for a refresh token by POST', async () => {
    tokens.on('/token', ({ method }, response) => {
      valid.add('fresh');
      response.writeHead(method === 'POST' ? 200 : 405).end(JSON.stringify({ access_token: 'fresh' }));
    });
    await testClient({ auths: { [server.host]: { identitytoken: 'refresh&me' } } }).fetchManifest(reference);
    expect(Object.fromEntries(new URLSearchParams(tokens.seen[0]?.body))).toEqual({
      grant_type: 'refresh_token',
      client_id: 'rcx',
      service: 'the registry',
      scope: 'repository:me/app:pull',
      refresh_token: 'refresh&me',
    });
  });

  it('may be ready-made', async () => {
    valid.add('ready');
    await testClient({ auths: { [server.host]: { registrytoken: 'ready' } } }).fetchManifest(reference);
    expect(tokens.seen).toHaveLength(0);
  });

  it('are fetched again when the registry takes the old one no longer', async () => {
    const client = testClient();
    await client.fetchManifest(reference);
    valid.clear();
    await client.fetchManifest(reference);
    expect(tokens.seen).toHaveLength(2);
    expect(server.seenAt(MANIFEST_PATH).map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      'Bearer t-1',
      'Bearer t-1',
      'Bearer t-2',
    ]);
  });

  it('are not asked for without end when none is good enough', async () => {
    tokens.on('/token', (_, response) => response.end('{"token":"never-valid"}'));
    await expect(testClient().fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_UNAUTHORIZED',
      message: expect.stringContaining('(HTTP 401: UNAUTHORIZED)'),
    });
    expect(tokens.seen).toHaveLength(1);
  });

  it.each([
    [500, 'ERR_RCX_REGISTRY_UNAVAILABLE', 5],
    [429, 'ERR_RCX_RATE_LIMITED', 5],
    [401, 'ERR_RCX_UNAUTHORIZED', 1],
    [403, 'ERR_RCX_FORBIDDEN', 1],
    [404, 'ERR_RCX_REGISTRY_ERROR', 1],
  ])('fail with HTTP %i as %s after %i attempts', async (status, code, attempts) => {
    tokens.on('/token', (_, response) => response.writeHead(status).end());
    await expect(testClient().fetchManifest(reference)).rejects.toMatchObject({
      code,
      message: expect.stringContaining(tokens.url),
    });
    expect(tokens.seen).toHaveLength(attempts);
  });

  it.each([
    ['<html>', 'not JSON'],
    ['{}', 'no usable token'],
    ['null', 'no usable token'],
    [JSON.stringify({ token: 'a\r\nx-injected: 1' }), 'no usable token'],
    [JSON.stringify({ token: 'x'.repeat(2 << 20) }), 'too large'],
  ])('are refused in a useless answer: %#', async (answer, message) => {
    tokens.on('/token', (_, response) => response.end(answer));
    await expect(testClient().fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_ERROR',
      message: expect.stringContaining(message),
    });
  });

  it('fail clearly when the token service is down', async () => {
    await tokens.close();
    tokens = await startHostileRegistry();
    const gone = tokens.url;
    await tokens.close();
    guard(MANIFEST_PATH, OCI_MANIFEST, MANIFEST, `${gone}/token`);
    await expect(testClient().fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_UNAVAILABLE',
      message: expect.stringContaining(`cannot reach ${gone}`),
    });
    tokens = await startHostileRegistry();
  });
});

describe('Basic authentication', () => {
  beforeEach(() => {
    for (const [path, body] of [
      [MANIFEST_PATH, MANIFEST],
      [BLOB_PATH, BLOB],
    ] as const) {
      server.on(path, ({ headers }, response) => {
        if (headers.authorization === BASIC) response.setHeader('content-type', OCI_MANIFEST).end(body);
        else response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      });
    }
  });

  it('is used where it is asked for, and then at once', async () => {
    const client = testClient({ auths: { [server.host]: basicAuth(LOGIN) } });
    await client.fetchManifest(reference);
    await collect(client.fetchBlob(reference, LAYER));
    expect(server.seen.filter(({ url }) => url !== '/v2/').map(({ headers }) => headers.authorization)).toEqual([
      undefined,
      BASIC,
      BASIC,
    ]);
  });

  it('says why there is no login when a helper failed', async () => {
    const client = testClient({ auths: {}, docker: { credsStore: 'desktop' } });
    await expect(client.fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_UNAUTHORIZED',
      message: expect.stringMatching(
        /HTTP 401.*; cannot get the login from docker-credential-desktop: there is no such program/,
      ),
    });
  });

  it("is not used with a mirror for the registry's login", async () => {
    const client = testClient({
      auths: { 'up.test': basicAuth(LOGIN) },
      registries: { 'up.test': { mirrors: [server.url] } },
      env: { HTTPS_PROXY: `http://${tokens.host}` },
    });
    await expect(client.fetchManifest(parseReference('up.test/me/app'))).rejects.toMatchObject({
      message: expect.stringContaining(`mirror ${server.url}: up.test/me/app:latest: login needed`),
    });
    expect(server.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });
});

describe('a token service that is not to be trusted', () => {
  it.each(['', 'ftp://x/token', 'not a url', 'http://user:pass@127.0.0.1/token'])('is refused at %j', async (realm) => {
    guard(MANIFEST_PATH, OCI_MANIFEST, MANIFEST, realm);
    await expect(testClient().fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_UNSAFE_AUTHENTICATION',
    });
  });

  it('gets no login in plain text when the registry is reached over TLS', async () => {
    const secure = await startHostileRegistry(await selfSignedCertificate());
    try {
      secure.on(MANIFEST_PATH, (_, response) => {
        response.writeHead(401, { 'www-authenticate': 'Bearer realm="http://192.0.2.1/token",service="x"' }).end();
      });
      const client = testClient({ auths: { [secure.host]: basicAuth(LOGIN) } });
      await expect(client.fetchManifest(parseReference(`${secure.host}/me/app`))).rejects.toMatchObject({
        code: 'ERR_RCX_UNSAFE_AUTHENTICATION',
        message: expect.stringContaining('http://192.0.2.1/token, where the login would travel unencrypted'),
      });
    } finally {
      await secure.close();
    }
  });

  it('gets the login of no other host by redirecting', async () => {
    const thief = await startHostileRegistry();
    try {
      thief.on('/token', (_, response) => response.end('{"token":"stolen"}'));
      tokens.on('/token', (_, response) => response.writeHead(307, { location: `${thief.url}/token` }).end());
      valid.add('stolen');
      await testClient({ auths: { [server.host]: basicAuth(LOGIN) } }).fetchManifest(reference);
      expect(tokens.seen[0]?.headers.authorization).toBe(BASIC);
      expect(thief.seenAt('/token')).toHaveLength(1);
      expect(thief.seen[0]?.headers).not.toHaveProperty('authorization');
      const refresh = testClient({ auths: { [server.host]: { identitytoken: 'refresh' } } });
      valid.clear();
      await expect(refresh.fetchManifest(reference)).rejects.toMatchObject({ code: 'ERR_RCX_REGISTRY_ERROR' });
      expect(thief.seenAt('/token')).toHaveLength(1);
    } finally {
      await thief.close();
    }
  });
});
