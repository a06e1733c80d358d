import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { digestOf } from '../../../ts/oci/digest.ts';
import { OCI_LAYER_GZIP } from '../../../ts/oci/mediaTypes.ts';
import { parseReference, type Reference } from '../../../ts/oci/reference.ts';
import { basicAuth, collect, testClient } from '../../support/client.ts';
import { type HostileRegistry, startHostileRegistry } from '../../support/hostileRegistry.ts';

const BLOB = Buffer.from('the layer');
const LAYER = { mediaType: OCI_LAYER_GZIP, digest: digestOf(BLOB), size: BLOB.byteLength };
const PATH = `/v2/app/blobs/${LAYER.digest}`;
const LOGIN = { username: 'me', password: 'secret' };

let server: HostileRegistry;
let storage: HostileRegistry;
let reference: Reference;
beforeEach(async () => {
  server = await startHostileRegistry();
  storage = await startHostileRegistry();
  reference = parseReference(`${server.host}/app`);
  storage.on('/bucket', (_, response) => response.end(BLOB));
});
afterEach(() => Promise.all([server.close(), storage.close()]));

/** Asks for a login, then sends whoever has one to `location`. */
function redirectTo(location: string, status = 307): void {
  server.on(PATH, ({ headers }, response) => {
    if (headers.authorization === undefined) response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
    else response.writeHead(status, { location }).end();
  });
}

const client = () => testClient({ auths: { [server.host]: basicAuth(LOGIN), [storage.host]: basicAuth(LOGIN) } });

describe('a redirect', () => {
  it.each([301, 302, 303, 307, 308])('HTTP %i is followed, without the login to another origin', async (status) => {
    redirectTo(`${storage.url}/bucket?signature=abc`, status);
    expect(await collect(client().fetchBlob(reference, LAYER))).toEqual(BLOB);
    expect(storage.seen.map(({ url }) => url)).toEqual(['/bucket?signature=abc']);
    expect(storage.seen[0]?.headers).not.toHaveProperty('authorization');
  });

  it('keeps the login within the origin', async () => {
    redirectTo('/elsewhere');
    server.on('/elsewhere', (_, response) => response.end(BLOB));
    expect(await collect(client().fetchBlob(reference, LAYER))).toEqual(BLOB);
    expect(server.seenAt('/elsewhere')[0]?.headers.authorization).toMatch(/^Basic /);
  });

  it('does not get the login back by way of a third', async () => {
    redirectTo(`${storage.url}/back`);
    storage.on('/back', (_, response) => response.writeHead(302, { location: `${server.url}/elsewhere` }).end());
    server.on('/elsewhere', (_, response) => response.end(BLOB));
    expect(await collect(client().fetchBlob(reference, LAYER))).toEqual(BLOB);
    expect(server.seenAt('/elsewhere')[0]?.headers).not.toHaveProperty('authorization');
  });

  it('cannot make another host ask for the login', async () => {
    redirectTo(`${storage.url}/asks`);
    storage.on('/asks', (_, response) =>
      response.writeHead(401, { 'www-authenticate': 'Basic realm="give it"' }).end(),
    );
    await expect(collect(client().fetchBlob(reference, LAYER))).rejects.toMatchObject({
      code: 'ERR_RCX_UNAUTHORIZED',
      message: expect.stringContaining(storage.url),
    });
    expect(storage.seen).toHaveLength(1);
  });

  it('cannot make another host name the token service that gets the login', async () => {
    server.on(PATH, (_, response) => response.writeHead(307, { location: `${storage.url}/asks` }).end());
    storage.on('/asks', (_, response) => {
      response.writeHead(401, { 'www-authenticate': `Bearer realm="${storage.url}/token"` }).end();
    });
    await expect(collect(client().fetchBlob(reference, LAYER))).rejects.toMatchObject({ code: 'ERR_RCX_UNAUTHORIZED' });
    expect(storage.seenAt('/token')).toEqual([]);
  });

  it('keeps the signature out of messages', async () => {
    redirectTo(`${storage.url}/missing?signature=abc`);
    const failure = collect(client().fetchBlob(reference, LAYER));
    await expect(failure).rejects.toMatchObject({
      code: 'ERR_RCX_BLOB_NOT_FOUND',
      message: expect.not.stringContaining('signature'),
      path: `${storage.url}/missing`,
    });
  });

  it('asks for the range again where it leads, when the download broke', async () => {
    const big = Buffer.alloc(400_000, 7);
    const layer = { ...LAYER, digest: digestOf(big), size: big.byteLength };
    server.on(`/v2/app/blobs/${layer.digest}`, (_, response, nth) => {
      response.writeHead(307, { location: `${storage.url}/big?try=${nth}` }).end();
    });
    storage.on('/big', ({ headers }, response) => {
      const start = Number(/\d+/.exec(headers.range ?? '')?.[0] ?? 0);
      if (start === 0)
        return void response
          .writeHead(200, { 'content-length': big.byteLength })
          .write(big.subarray(0, 1000), () => setTimeout(() => response.destroy(), 20));
      response.writeHead(206, { 'content-range': `bytes ${start}-399999/400000` }).end(big.subarray(start));
    });
    expect((await collect(client().fetchBlob(reference, layer))).equals(big)).toBe(true);
    expect(storage.seen.map(({ url, headers }) => [url, headers.range])).toEqual([
      ['/big?try=1', undefined],
      ['/big?try=2', 'bytes=1000-'],
    ]);
  });

  it.each([
    ['in a circle', PATH, 'more than 8 times'],
    ['to a file', 'file:///etc/shadow', 'to a file: URL'],
    ['to nowhere', 'http://', 'not a URL'],
  ])('%s is refused', async (_name, location, message) => {
    redirectTo(location);
    await expect(collect(client().fetchBlob(reference, LAYER))).rejects.toMatchObject({
      code: 'ERR_RCX_BAD_REDIRECT',
      message: expect.stringContaining(message),
    });
  });
});
