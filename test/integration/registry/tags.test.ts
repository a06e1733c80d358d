import type { ServerResponse } from 'node:http';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { basicAuth, testClient } from '../../support/client.ts';
import { type HostileRegistry, startHostileRegistry } from '../../support/hostileRegistry.ts';
import { pushImage } from '../../support/push.ts';
import { LOGIN, startRegistry, type TestRegistry } from '../../support/registry.ts';

const repository = ({ host }: { host: string }, name = 'me/app') => ({ registry: host, repository: name });

describe('the tags of a repository in a real registry', () => {
  const TAGS = ['1.0', '1.1', 'latest', 'v_2'];
  let registry: TestRegistry;
  beforeAll(async () => {
    registry = await startRegistry({ login: true });
    for (const tag of TAGS) await pushImage(registry, 'me/app', tag, [Buffer.from('x')]);
  });
  afterAll(() => registry.close());

  it('are listed', async () => {
    const client = testClient({ auths: { [registry.host]: basicAuth(LOGIN) } });
    expect((await client.listTags(repository(registry))).sort()).toEqual(TAGS);
  });

  it('are listed by a mirror, too', async () => {
    const registries = { 'up.test': { mirrors: [registry.url] } };
    const client = testClient({ auths: { [registry.host]: basicAuth(LOGIN) }, registries });
    expect((await client.listTags({ registry: 'up.test', repository: 'me/app' })).sort()).toEqual(TAGS);
  });

  it('are kept from strangers', async () => {
    await expect(testClient().listTags(repository(registry))).rejects.toMatchObject({ code: 'ERR_RCX_UNAUTHORIZED' });
  });

  it('need the repository', async () => {
    const client = testClient({ auths: { [registry.host]: basicAuth(LOGIN) } });
    await expect(client.listTags(repository(registry, 'no/such'))).rejects.toMatchObject({
      code: 'ERR_RCX_IMAGE_NOT_FOUND',
      message: expect.stringMatching(/no\/such: no such repository on http.*HTTP 404/),
    });
  });
});

describe('a list in pages', () => {
  const PATH = '/v2/me/app/tags/list';
  let server: HostileRegistry;
  beforeEach(async () => {
    server = await startHostileRegistry();
  });
  afterEach(() => server.close());

  const tags = () => testClient({ auths: { [server.host]: basicAuth(LOGIN) } }).listTags(repository(server));
  const page = (response: ServerResponse, names: unknown, link?: string) =>
    response
      .writeHead(200, link === undefined ? {} : { link: `<${link}>; rel="next"` })
      .end(JSON.stringify({ name: 'me/app', tags: names }));

  it('is read to its end, with the login, each tag once', async () => {
    server.on(PATH, ({ headers, url }, response) => {
      if (headers.authorization === undefined) {
        return void response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
      }
      const last = new URL(url, 'http://x').searchParams.get('last');
      if (last === null) page(response, ['a', 'b'], `${PATH}?n=2&last=b`);
      else if (last === 'b') page(response, ['b', 'c'], `https://${server.host}${PATH}?last=c`);
      else page(response, ['d']);
    });
    expect(await tags()).toEqual(['a', 'b', 'c', 'd']);
  });

  it('may be empty, or null', async () => {
    server.on(PATH, (_, response, nth) => page(response, nth === 1 ? [] : null, nth === 1 ? `${PATH}?x` : undefined));
    expect(await tags()).toEqual([]);
  });

  it('is asked for again where the registry is out of order for a moment', async () => {
    server.on(PATH, (_, response, nth) => {
      if (nth === 2) response.writeHead(503).end();
      else page(response, [`t${nth}`], nth === 1 ? `${PATH}?last=t1` : undefined);
    });
    expect(await tags()).toEqual(['t1', 't3']);
  });

  it('does not go on at another host, which learns nothing', async () => {
    const thief = await startHostileRegistry();
    try {
      for (const link of [`${thief.url}${PATH}`, `//${thief.host}${PATH}`, `http://me@${thief.host}${PATH}`]) {
        server.on(PATH, (_, response) => page(response, ['a'], link));
        await expect(tags()).rejects.toMatchObject({
          code: 'ERR_RCX_BAD_LINK',
          message: expect.stringContaining('goes on at'),
        });
      }
      // A path that a careless client would take for a host.
      server.on(PATH, (_, response, nth) =>
        page(response, ['a'], nth === 4 ? `${server.url}//${thief.host}/` : undefined),
      );
      await expect(tags()).rejects.toMatchObject({ code: 'ERR_RCX_IMAGE_NOT_FOUND' });
      expect(server.seenAt(`//${thief.host}/`)).toHaveLength(1);
      expect(thief.seen).toEqual([]);
    } finally {
      await thief.close();
    }
  });

  it('that a redirect leads to does not go on, and its host gets no login', async () => {
    const storage = await startHostileRegistry();
    try {
      server.on(PATH, (_, response) => response.writeHead(307, { location: `${storage.url}/list` }).end());
      storage.on('/list', (_, response) => page(response, ['a'], '/more'));
      await expect(tags()).rejects.toMatchObject({ code: 'ERR_RCX_BAD_LINK' });
      storage.on('/list', (_, response) => page(response, ['a']));
      expect(await tags()).toEqual(['a']);
      expect(storage.seen.every(({ headers }) => headers.authorization === undefined)).toBe(true);
      expect(storage.seenAt('/more')).toEqual([]);
    } finally {
      await storage.close();
    }
  });

  it.each([
    ['that goes round in a circle', () => `${PATH}?a`, 2],
    ['that leads to itself', () => PATH, 1],
    ['without end', (nth: number) => `${PATH}?last=${nth}`, 1000],
  ])('%s is given up', async (_, next, asked) => {
    server.on(PATH, (_request, response, nth) => page(response, [`t${nth}`], next(nth)));
    await expect(tags()).rejects.toMatchObject({ code: 'ERR_RCX_LIST_TOO_LONG', hint: expect.any(String) });
    expect(server.seenAt(PATH)).toHaveLength(asked);
  });

  it('with more tags than anybody has is given up', async () => {
    const many = Array.from({ length: 60_000 }, (_, index) => String(index));
    server.on(PATH, (_, response, nth) =>
      page(
        response,
        many.map((tag) => `${nth}-${tag}`),
        `${PATH}?last=${nth}`,
      ),
    );
    await expect(tags()).rejects.toMatchObject({ code: 'ERR_RCX_LIST_TOO_LONG' });
    expect(server.seenAt(PATH)).toHaveLength(2);
  });

  it.each([
    ['of 50 MB', 'x'.repeat(50_000_000), /longer than 4194304 bytes/],
    ['that is a web page', '<html>', /not JSON/],
    ['of something else', '{"tags": [{"name": "a"}]}', /"tags\[0\]" is not a string/],
    ['that is a string', '{"tags": "a"}', /"tags" is not a list/],
    ['that is null', 'null', /the document is not an object/],
  ])('%s is refused', async (_, body, message) => {
    server.on(PATH, (_request, response) => response.end(body));
    await expect(tags()).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_ERROR',
      message: expect.stringMatching(message),
    });
  });

  it('stops when it is cancelled', async () => {
    const controller = new AbortController();
    server.on(PATH, (_, response, nth) => {
      if (nth === 3) controller.abort();
      page(response, ['a'], `${PATH}?last=${nth}`);
    });
    const listing = testClient().listTags(repository(server), { signal: controller.signal });
    await expect(listing).rejects.toMatchObject({ code: 'ERR_RCX_ABORTED' });
  });
});
