import { once } from 'node:events';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import type { Duplex } from 'node:stream';
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { digestOf } from '../../../ts/oci/digest.ts';
import { OCI_CONFIG, OCI_MANIFEST } from '../../../ts/oci/mediaTypes.ts';
import { parseReference } from '../../../ts/oci/reference.ts';
import { type Certificate, selfSignedCertificate } from '../../support/certificate.ts';
import { testClient } from '../../support/client.ts';
import { type ForwardProxy, startForwardProxy } from '../../support/forwardProxy.ts';
import { type HostileRegistry, startHostileRegistry } from '../../support/hostileRegistry.ts';

const CONFIG = { mediaType: OCI_CONFIG, digest: digestOf(Buffer.from('x')), size: 1 };
const MANIFEST = JSON.stringify({ schemaVersion: 2, mediaType: OCI_MANIFEST, config: CONFIG, layers: [] });

/** The first byte of a TLS greeting. */
const TLS_HANDSHAKE = 0x16;

let certificate: Certificate;
beforeAll(async () => {
  certificate = await selfSignedCertificate();
});

const open: { close(): Promise<unknown> }[] = [];
afterEach(() => Promise.all(open.splice(0).map((each) => each.close())));

async function registry(tls?: Certificate): Promise<HostileRegistry> {
  const server = await startHostileRegistry(tls);
  open.push(server);
  server.on('/v2/app/manifests/latest', (_, response) =>
    response.setHeader('content-type', OCI_MANIFEST).end(MANIFEST),
  );
  return server;
}

/** A forward proxy that leads every name to `target`. */
async function proxyTo(target: HostileRegistry): Promise<ForwardProxy> {
  const proxy = await startForwardProxy(target.host, (_, response) =>
    response.setHeader('content-type', OCI_MANIFEST).end(MANIFEST),
  );
  open.push(proxy);
  return proxy;
}

describe('the scheme of a loopback registry', () => {
  it('is taken for plain HTTP without asking', async () => {
    const server = await registry();
    const client = testClient();
    await client.fetchManifest(parseReference(`${server.host}/app`));
    expect(server.seen).toHaveLength(1);
  });

  it('is HTTPS where there is that, whatever the certificate, found out once', async () => {
    const server = await registry(certificate);
    const reference = parseReference(`${server.host}/app`);
    const client = testClient();
    expect((await client.fetchManifest(reference)).bytes.toString()).toBe(MANIFEST);
    await client.fetchManifest(reference);
    expect(server.seenAt('/v2/')).toHaveLength(1);
  });

  it('is plain HTTP where a TLS greeting gets no answer', async () => {
    const server = await registry();
    // Passes plain HTTP on, and is silent to anything that does not begin with a letter.
    const [host = '', port = ''] = server.host.split(':');
    const mute = createTcpServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', (first) => {
        if (!/^[A-Z]/.test(first.toString('latin1'))) return;
        const upstream = connect(Number(port), host);
        upstream.on('error', () => socket.destroy());
        upstream.write(first);
        socket.pipe(upstream).pipe(socket);
      });
    });
    mute.listen(0, '127.0.0.1');
    await once(mute, 'listening');
    onTestFinished(() => void mute.close());
    const reference = parseReference(`127.0.0.1:${(mute.address() as AddressInfo).port}/app`);
    const client = testClient({ timeouts: { connect: 500 } });
    expect((await client.fetchManifest(reference)).bytes.toString()).toBe(MANIFEST);
  });

  it('stays HTTPS where the TLS port says 400 to plain HTTP, so that the failure of TLS is told', async () => {
    const picky = createTcpServer((socket) => {
      socket.on('error', () => socket.destroy());
      socket.once('data', (first) => {
        if (first[0] === TLS_HANDSHAKE) socket.destroy();
        else socket.end('HTTP/1.1 400 Bad Request\r\nconnection: close\r\n\r\n');
      });
    });
    picky.listen(0, '127.0.0.1');
    await once(picky, 'listening');
    onTestFinished(() => void picky.close());
    const reference = parseReference(`127.0.0.1:${(picky.address() as AddressInfo).port}/app`);
    await expect(testClient().fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_UNAVAILABLE',
      message: expect.stringContaining('connection reset'),
    });
  });
});

describe('a registry elsewhere', () => {
  it('is not trusted with an unknown certificate, nor in plain text, unless told so', async () => {
    const server = await registry(certificate);
    const proxy = await proxyTo(server);
    const env = { HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url };
    const reference = parseReference('r.test/app');
    const refused = testClient({ env }).fetchManifest(reference);
    await expect(refused).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_UNAVAILABLE',
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
    expect(proxy.asked).toEqual(['CONNECT r.test:443']);
    const trusting = testClient({ env, registries: { 'r.test': { insecure: true } } });
    expect((await trusting.fetchManifest(reference)).bytes.toString()).toBe(MANIFEST);
  });

  it('is reached through the proxy, by its name', async () => {
    const proxy = await proxyTo(await registry(certificate));
    const insecure = { registries: { 'r.test': { insecure: true } } };
    await testClient({ ...insecure, env: { HTTPS_PROXY: proxy.url } }).fetchManifest(parseReference('r.test/app'));
    expect(new Set(proxy.asked)).toEqual(new Set(['CONNECT r.test:443']));
  });

  it.each([
    ['closes the connection', (socket: Duplex) => socket.destroy(), 'failed: socket hang up'],
    ['refuses', (socket: Duplex) => socket.end('HTTP/1.1 407 Login\r\n\r\n'), 'answered HTTP 407'],
    ['is silent', () => undefined, 'failed: no answer within the time limit'],
    ['hangs up in the handshake', (socket: Duplex) => socket.end('HTTP/1.1 200 OK\r\n\r\n'), ''],
    ['says nothing after that', (socket: Duplex) => socket.write('HTTP/1.1 200 OK\r\n\r\n'), 'no TLS handshake within'],
  ])('is unavailable through a proxy that %s', async (_name, behave, message) => {
    const server = createServer().on('connect', (_, socket) => {
      socket.on('error', () => socket.destroy());
      behave(socket);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    onTestFinished(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = testClient({ env: { HTTPS_PROXY: url }, timeouts: { connect: 300 }, retry: { attempts: 2 } });
    await expect(client.fetchManifest(parseReference('r.test/app'))).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_UNAVAILABLE',
      message: expect.stringMatching(new RegExp(`^r.test/app:latest: cannot reach https://r.test: .*${message}`)),
    });
  });

  it('is not reached when the proxy is down, which is told', async () => {
    const client = testClient({ env: { HTTPS_PROXY: 'http://127.0.0.1:1' } });
    await expect(client.fetchManifest(parseReference('r.test/app'))).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_UNAVAILABLE',
      message: expect.stringContaining('the proxy http://127.0.0.1:1 failed: connect ECONNREFUSED'),
    });
  });

  it('gets the login of the proxy to the proxy only', async () => {
    const server = await registry(certificate);
    const proxy = await proxyTo(server);
    const url = new URL(proxy.url);
    url.username = 'proxy-user';
    url.password = 'p%40ss';
    const logins: (string | undefined)[] = [];
    proxy.server.on('connect', ({ headers }) => logins.push(headers['proxy-authorization']));
    const registries = { 'r.test': { insecure: true } };
    await testClient({ registries, env: { HTTPS_PROXY: url.href } }).fetchManifest(parseReference('r.test/app'));
    expect(logins[0]).toBe(`Basic ${Buffer.from('proxy-user:p@ss').toString('base64')}`);
    expect(server.seen.every(({ headers }) => headers['proxy-authorization'] === undefined)).toBe(true);
  });

  it('is reached without the proxy where NO_PROXY says so', async () => {
    const server = await registry();
    const proxy = await proxyTo(server);
    const env = { HTTP_PROXY: proxy.url, HTTPS_PROXY: proxy.url, NO_PROXY: 'r.invalid' };
    const failure = testClient({ env }).fetchManifest(parseReference('r.invalid/app'));
    await expect(failure).rejects.toMatchObject({ code: 'ERR_RCX_REGISTRY_UNAVAILABLE' });
    await testClient({ env }).fetchManifest(parseReference(`${server.host}/app`));
    expect(proxy.asked).toEqual([]);
  });

  it('is asked for in the proxy form where it speaks plain HTTP', async () => {
    const proxy = await proxyTo(await registry());
    const client = testClient({
      env: { HTTP_PROXY: proxy.url },
      registries: { 'up.test': { mirrors: ['http://mirror.test:5000'] } },
    });
    await client.fetchManifest(parseReference('up.test/app'));
    expect(proxy.asked).toEqual(['http://mirror.test:5000/v2/app/manifests/latest']);
  });
});

describe('mirrors', () => {
  it('are asked in order, and the registry last; each failure is told', async () => {
    const [first, second, upstream] = await Promise.all([registry(), registry(), registry()]);
    first.on('/v2/app/manifests/latest', (_, response) => response.writeHead(500).end());
    second.on('/v2/app/manifests/latest', (_, response) =>
      response.setHeader('content-type', 'text/html').end('<html>'),
    );
    const client = testClient({ registries: { [upstream.host]: { mirrors: [first.url, second.url] } } });
    const reference = parseReference(`${upstream.host}/app`);
    expect((await client.fetchManifest(reference)).bytes.toString()).toBe(MANIFEST);
    expect(first.seen).toHaveLength(2);
    expect(second.seen).toHaveLength(1);

    // What answered last is asked first from then on.
    await client.fetchManifest(reference);
    expect(first.seen).toHaveLength(2);

    upstream.on('/v2/app/manifests/latest', (_, response) => response.writeHead(404).end());
    await expect(client.fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_IMAGE_NOT_FOUND',
      message: expect.stringMatching(
        new RegExp(
          `^${upstream.host}/app:latest: no such image on .*\\(mirror ${first.url}: .*HTTP 500.*; mirror ${second.url}: .*not JSON`,
        ),
      ),
    });
  });
});

describe('a closed client', () => {
  it('starts nothing new', async () => {
    const server = await registry();
    const client = testClient();
    await client.close();
    await expect(client.fetchManifest(parseReference(`${server.host}/app`))).rejects.toMatchObject({
      code: 'ERR_RCX_ABORTED',
    });
    expect(server.seen).toEqual([]);
  });
});
