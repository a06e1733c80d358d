import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Descriptor } from '../../../../ts/oci/types.ts';
import { basicAuth, testClient } from '../../../support/client.ts';
import { FaultProxy } from '../../../support/faultProxy.ts';
import {
  ARCHIVES,
  FaultyRegistry,
  getBlob,
  layerTrees,
  pushFrom,
  putBlob,
  storeWithImage,
  treesOf,
} from '../../../support/faultyRegistry.ts';
import { newTestStore } from '../../../support/pulling.ts';
import { pushImage } from '../../../support/push.ts';
import { scratchDirectory } from '../../../support/scratch.ts';
import { expectSoundStore } from '../../../support/soundStore.ts';
import { TokenService } from '../../../support/tokenService.ts';

const scratch = scratchDirectory();
const LOGIN = { username: 'me', password: 'secret' };
const BASIC = `Basic ${basicAuth(LOGIN).auth}`;

let faulty: FaultyRegistry;
let config: Descriptor;
let layers: Descriptor[];
beforeEach(async () => {
  faulty = await FaultyRegistry.start();
  ({ config, layers } = (await pushImage(faulty.registry, 'me/app', 'latest', ARCHIVES)).manifest);
});
afterEach(() => faulty.close());

/** From now on the registry asks for tokens. */
async function guard(): Promise<TokenService> {
  const tokens = await new TokenService().start();
  onTestFinished(() => tokens.close());
  faulty.proxy.guard = tokens.guard;
  return tokens;
}

const client = () => testClient({ auths: { [faulty.proxy.host]: basicAuth(LOGIN) } });

async function expectPulled(): Promise<void> {
  const store = newTestStore(scratch);
  const image = await store.pull(client(), faulty.name('me/app'));
  expect(layerTrees(store, image)).toEqual(await treesOf(scratch));
  expectSoundStore(store.paths.root);
}

describe('a token that expires sooner than was said', () => {
  it('between the parts of an image that is pulled is replaced, with the login of the first', async () => {
    const tokens = await guard();
    tokens.expireBefore(getBlob(config));
    tokens.expireBefore(getBlob(layers[0] as Descriptor));
    await expectPulled();
    expect(tokens.issued).toHaveLength(3);
    for (const { scopes, authorization } of tokens.issued) {
      expect({ scopes, authorization }).toEqual({ scopes: ['repository:me/app:pull'], authorization: BASIC });
    }
  });

  it('in the middle of a layer is replaced before the rest of it', async () => {
    const tokens = await guard();
    const large = layers[0] as Descriptor;
    faulty.proxy.inject(getBlob(large), { meanwhile: async () => tokens.expireBefore(getBlob(large)), cut: 1_000_000 });
    await expectPulled();
    const transfers = faulty.proxy.matching(getBlob(large));
    expect(transfers.map(({ status }) => status)).toEqual([200, 401, 206]);
    expect(transfers[2]?.headers).toMatchObject({
      authorization: 'Bearer token-2',
      range: transfers[1]?.headers.range,
    });
  });

  it.each([
    ['before an upload begins', /^POST/],
    ['when a layer is sent', /^PUT .*\/blobs\//],
    ['before the manifest', /^PUT .*\/manifests\//],
  ])('%s is replaced', async (_, pattern) => {
    const name = faulty.name('me/new');
    const { store, image } = await storeWithImage(scratch, name);
    const tokens = await guard();
    tokens.expireBefore(pattern);
    await pushFrom(store, name, client());
    expect(faulty.proxy.matching(pattern).map(({ status }) => status)).toContain(401);
    expect(new Set(tokens.issued.map(({ authorization }) => authorization))).toEqual(new Set([BASIC]));
    for (const layer of image.layers) {
      expect(faulty.proxy.matching(putBlob(layer)).filter(({ status }) => status === 201)).toHaveLength(1);
    }
    expect((await newTestStore(scratch).pull(client(), name)).manifest.digest).toBe(image.manifest.digest);
  });

  it('at once, every time, is told after one attempt more', async () => {
    const tokens = await guard();
    tokens.expireBefore(/manifests/, 100);
    const store = newTestStore(scratch);
    await expect(store.pull(client(), faulty.name('me/app'))).rejects.toMatchObject({
      code: 'ERR_RCX_UNAUTHORIZED',
      message: expect.stringMatching(/^[^\n]*me\/app[^\n]*login needed or refused[^\n]*authentication required[^\n]*$/),
      hint: expect.stringContaining(`rcx login ${faulty.proxy.host}`),
    });
    expect(tokens.issued).toHaveLength(1);
    expectSoundStore(store.paths.root);
  });
});

describe('a registry that has its layers elsewhere', () => {
  it('gives away neither login nor token, also where the download breaks there', async () => {
    const storage = await new FaultProxy(faulty.registry.host).start();
    onTestFinished(() => storage.close());
    await guard();
    for (const layer of layers) {
      const location = `http://${storage.host}/v2/me/app/blobs/${layer.digest}?signature=${layer.size}`;
      faulty.proxy.inject(getBlob(layer), { answer: { status: 307, headers: { location } } }, 10);
    }
    storage.inject(/^GET/, { cut: 1_000_000 });
    storage.inject(/^GET/, { answer: { status: 503 } });
    await expectPulled();
    expect(storage.exchanges.length).toBeGreaterThanOrEqual(layers.length + 1);
    for (const { line, headers } of storage.exchanges) {
      expect(line).toMatch(/\?signature=\d+$/);
      expect(headers).not.toHaveProperty('authorization');
    }
  });
});

describe('a tag that is moved while it is pulled', () => {
  it('leads to the new image, whole, where it was asked for before', async () => {
    const { proxy, registry } = faulty;
    const store = newTestStore(scratch);
    await store.pull(client(), faulty.name('me/app'));
    const [second] = await Promise.all([pushImage(registry, 'me/app', 'latest', ARCHIVES.slice(1))]);
    const move = () => pushImage(registry, 'me/app', 'latest', ARCHIVES.slice(2));
    proxy.exchanges.length = 0;
    proxy.inject(/^GET .*\/manifests\/latest$/, { meanwhile: move });
    const image = await store.pull(client(), faulty.name('me/app'));
    expect(proxy.matching(/manifests/).map(({ line }) => line.split(' ')[0])).toEqual(['HEAD', 'GET']);
    expect(image.manifest.digest).not.toBe(second.descriptor.digest);
    expect(layerTrees(store, image)).toEqual(await treesOf(scratch, ARCHIVES.slice(2)));
    expectSoundStore(store.paths.root);
  });

  it('leads to the old image, whole, where its layers are asked for after', async () => {
    const { proxy, registry } = faulty;
    const store = newTestStore(scratch);
    const move = () => pushImage(registry, 'me/app', 'latest', ARCHIVES.slice(2));
    proxy.inject(/^GET .*\/blobs\//, { meanwhile: move });
    const image = await store.pull(client(), faulty.name('me/app'));
    expect(layerTrees(store, image)).toEqual(await treesOf(scratch));
    expectSoundStore(store.paths.root);
    const next = await store.pull(client(), faulty.name('me/app'));
    expect(layerTrees(store, next)).toEqual(await treesOf(scratch, ARCHIVES.slice(2)));
  });
});
