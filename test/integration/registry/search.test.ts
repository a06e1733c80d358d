import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { searchImages } from '../../../ts/registry/searchImages.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { basicAuth } from '../../support/client.ts';
import { DockerFolder } from '../../support/dockerFolder.ts';
import { startForwardProxy } from '../../support/forwardProxy.ts';
import { type HostileRegistry, type SeenRequest, startHostileRegistry } from '../../support/hostileRegistry.ts';
import { pushImage } from '../../support/push.ts';
import { LOGIN, startRegistry, type TestRegistry } from '../../support/registry.ts';

const NONE = { registries: {} };
const query = ({ url }: SeenRequest) => Object.fromEntries(new URL(url, 'http://x').searchParams);
const names = (found: { name: string }[]) => found.map(({ name }) => name);

let docker: DockerFolder;
beforeEach(() => {
  docker = new DockerFolder();
});

const search = (text: string, options: Partial<Parameters<typeof searchImages>[0]> = {}) =>
  searchImages({ text, config: NONE, env: docker.env, ...options });

describe('a real registry', () => {
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry({ login: true });
    for (const name of ['tools/app', 'app', 'app/more', 'other']) {
      await pushImage(registry, name, 'latest', [Buffer.from('x')]);
    }
  });
  afterAll(() => registry.close());

  it('is searched through its list of repositories, with the login; the very name comes first', async () => {
    docker.configure({ auths: { [registry.host]: basicAuth(LOGIN) } });
    const found = await search(`${registry.host}/app`);
    expect(names(found)).toEqual(['app', 'app/more', 'tools/app'].map((name) => `${registry.host}/${name}`));
    expect(found[0]).toEqual({ name: `${registry.host}/app`, description: '', stars: 0, isOfficial: false });
    expect(names(await search(`${registry.host}/`))).toHaveLength(4);
    expect(await search(`${registry.host}/nothing`)).toEqual([]);
    expect(names(await search(`${registry.host}/app`, { limit: 2 }))).toHaveLength(2);
    expect(await search(`${registry.host}/app`, { filters: [['stars', '1']] })).toEqual([]);
  });

  it('says in one line that it lets nobody search', async () => {
    await expect(search(`${registry.host}/app`)).rejects.toMatchObject({
      code: 'ERR_RCX_UNAUTHORIZED',
      message: expect.stringMatching(
        /^search 127\.0\.0\.1:\d+: the list of the repositories is refused by http:.* \(HTTP 401.*\); nor has it a \/v1\/search: HTTP 404$/,
      ),
      hint: expect.stringContaining(`rcx login ${registry.host}`),
    });
  });
});

describe('a registry’s answers', () => {
  const CATALOG = '/v2/_catalog';
  let server: HostileRegistry;
  beforeEach(async () => {
    server = await startHostileRegistry();
  });
  afterEach(() => server.close());

  const page = (response: ServerResponse, repositories: unknown, link?: string) =>
    response
      .writeHead(200, link === undefined ? {} : { link: `<${link}>; rel="next"` })
      .end(JSON.stringify({ repositories }));

  it('to a search of the first version are taken as they are, with the registry’s name', async () => {
    docker.configure({ auths: { [server.host]: basicAuth(LOGIN) } });
    const results = [
      { name: 'me/app', description: 'An app', star_count: 7, is_official: true, is_automated: true },
      { name: 'me/bare' },
    ];
    server.on('/v1/search', (_, response) => response.end(JSON.stringify({ query: 'app', results })));
    expect(await search(`${server.host}/app`, { limit: 50 })).toEqual([
      { name: `${server.host}/me/app`, description: 'An app', stars: 7, isOfficial: true },
      { name: `${server.host}/me/bare`, description: '', stars: 0, isOfficial: false },
    ]);
    const [asked] = server.seenAt('/v1/search');
    expect(query(asked as SeenRequest)).toEqual({ q: 'app', n: '50' });
    expect(asked?.headers).not.toHaveProperty('authorization');
    expect(server.seenAt(CATALOG)).toEqual([]);
    expect(await search(`${server.host}/app`, { limit: 1 })).toHaveLength(1);
  });

  it.each([
    ['a web page', (response: ServerResponse) => response.end('<html>')],
    ['no list', (response: ServerResponse) => response.end('{"results":"none"}')],
    [
      'a way round in a circle',
      (response: ServerResponse) => response.writeHead(302, { location: '/v1/search' }).end(),
    ],
    ['HTTP 500', (response: ServerResponse) => response.writeHead(500).end()],
    [
      'HTTP 401',
      (response: ServerResponse) => response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end(),
    ],
  ])('to such a search may be %s: then it has none', async (_, answer) => {
    docker.configure({ auths: { [server.host]: basicAuth(LOGIN) } });
    server.on('/v1/search', (_request, response) => void answer(response));
    server.on(CATALOG, (_request, response) => page(response, ['an-app', 'other']));
    expect(names(await search(`${server.host}/app`))).toEqual([`${server.host}/an-app`]);
    expect(server.seenAt('/v1/search').every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it('come in pages, read as long as there is room', async () => {
    server.on(CATALOG, ({ url }, response, nth) =>
      page(response, [`app-${nth}`, 'other', `my/app-${nth}`], `${CATALOG}?n=3&last=${encodeURIComponent(url)}`),
    );
    expect(names(await search(`${server.host}/app`, { limit: 5 }))).toHaveLength(5);
    expect(server.seenAt(CATALOG)).toHaveLength(3);
    expect(query(server.seenAt(CATALOG)[0] as SeenRequest)).toEqual({ n: '1000' });
  });

  it('that have no end are given up', async () => {
    server.on(CATALOG, (_, response, nth) => page(response, ['other'], `${CATALOG}?last=${nth}`));
    await expect(search(`${server.host}/app`)).rejects.toMatchObject({ code: 'ERR_RCX_LIST_TOO_LONG' });
    expect(server.seenAt(CATALOG)).toHaveLength(1000);
  });

  it('that lead to another host are refused, and it learns nothing', async () => {
    const thief = await startHostileRegistry();
    onTestFinished(() => thief.close());
    docker.configure({ auths: { [server.host]: basicAuth(LOGIN), [thief.host]: basicAuth(LOGIN) } });
    server.on(CATALOG, (_, response) => page(response, ['other'], `${thief.url}${CATALOG}`));
    await expect(search(`${server.host}/app`)).rejects.toMatchObject({ code: 'ERR_RCX_BAD_LINK' });
    expect(thief.seen).toEqual([]);
  });

  it.each([
    [404, 'ERR_RCX_UNSUPPORTED', 'there is no list of the repositories on'],
    [405, 'ERR_RCX_UNSUPPORTED', 'there is no list of the repositories on'],
    [403, 'ERR_RCX_FORBIDDEN', 'the list of the repositories is refused by'],
  ])('HTTP %i and no search are told in one line', async (status, code, message) => {
    server.on(CATALOG, (_, response) => response.writeHead(status).end());
    await expect(search(`${server.host}/app`)).rejects.toMatchObject({
      code,
      message: `search ${server.host}: ${message} ${server.url} (HTTP ${status}); nor has it a /v1/search: HTTP 404`,
      hint: expect.stringContaining('whole name'),
    });
  });

  it('are not waited for where nobody answers', async () => {
    await expect(search('127.0.0.1:1/app')).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_UNAVAILABLE',
      message: expect.stringMatching(/^search 127\.0\.0\.1:1: cannot reach/),
    });
  });
});

describe('Docker Hub', () => {
  /** Stands for `index.docker.io`, behind a proxy. */
  async function hub() {
    const server = await startHostileRegistry(await selfSignedCertificate());
    const proxy = await startForwardProxy(server.host);
    onTestFinished(() => Promise.all([server.close(), proxy.close()]).then(() => undefined));
    const config = { registries: { 'docker.io': { insecure: true, mirrors: ['http://127.0.0.1:1'] } } };
    return { server, proxy, options: { config, env: { ...docker.env, HTTPS_PROXY: proxy.url } } };
  }

  it('is searched under its own name for that, without a login', async () => {
    docker.configure({ auths: { 'https://index.docker.io/v1/': basicAuth(LOGIN) } });
    const { server, proxy, options } = await hub();
    const results = [
      { name: 'alpine', description: 'Small', star_count: 100, is_official: true },
      { name: 'me/alpine', description: '', star_count: 2, is_official: false },
    ];
    server.on('/v1/search', (_, response) => response.end(JSON.stringify({ results })));
    expect(names(await search('library/alpine', options))).toEqual(['alpine', 'me/alpine']);
    expect(names(await search('alpine', { ...options, filters: [['is-official', 'false']] }))).toEqual(['me/alpine']);
    expect(names(await search('alpine', { ...options, filters: [['stars', '3']] }))).toEqual(['alpine']);
    expect(new Set(proxy.asked)).toEqual(new Set(['CONNECT index.docker.io:443']));
    expect(server.seenAt('/v1/search').map(query)).toEqual(Array(3).fill({ q: 'alpine', n: '25' }));
    expect(server.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
  });

  it.each([
    [404, 'ERR_RCX_UNSUPPORTED'],
    [401, 'ERR_RCX_UNAUTHORIZED'],
    [418, 'ERR_RCX_REGISTRY_ERROR'],
  ])('has no catalog to fall back to: HTTP %i', async (status, code) => {
    const { server, options } = await hub();
    server.on('/v1/search', (_, response) => response.writeHead(status).end());
    await expect(search('alpine', options)).rejects.toMatchObject({ code });
    expect(server.seenAt('/v2/_catalog')).toEqual([]);
  });

  it('must answer with results', async () => {
    const { server, options } = await hub();
    server.on('/v1/search', (_, response) => response.end('<html>'));
    await expect(search('alpine', options)).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_ERROR',
      message: 'search docker.io: the answer of index.docker.io cannot be read: it is not JSON',
    });
  });
});
