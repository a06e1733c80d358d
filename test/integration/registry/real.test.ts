import { createHash, randomBytes } from 'node:crypto';
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { digestOf, hexOf } from '../../../ts/oci/digest.ts';
import { DOCKER_MANIFEST, OCI_INDEX, OCI_MANIFEST } from '../../../ts/oci/mediaTypes.ts';
import { parseImageConfig, parseManifest } from '../../../ts/oci/parse.ts';
import { choosePlatform, parsePlatform } from '../../../ts/oci/platform.ts';
import { parseReference } from '../../../ts/oci/reference.ts';
import { basicAuth, collect, testClient } from '../../support/client.ts';
import { type PushedImage, pushImage, pushManifest } from '../../support/push.ts';
import { LOGIN, startRegistry, type TestRegistry } from '../../support/registry.ts';

/** Incompressible, so that a layer is many network reads long. */
const TAR = randomBytes(3 * 1024 * 1024);

let registry: TestRegistry;
let image: PushedImage;
beforeAll(async () => {
  registry = await startRegistry();
  image = await pushImage(registry, 'library/app', 'v1', [TAR, Buffer.from('second')]);
});
afterAll(() => registry.close());

describe('a real registry', () => {
  it('serves a manifest, its config and its layers', async () => {
    const client = testClient();
    const reference = parseReference(`${registry.host}/library/app:v1`);
    const fetched = await client.fetchManifest(reference);
    expect(fetched.descriptor).toEqual(image.descriptor);
    expect(parseManifest(fetched.bytes)).toEqual({ kind: 'manifest', manifest: image.manifest });

    const config = await collect(client.fetchBlob(reference, image.manifest.config));
    expect(parseImageConfig(config)).toEqual(image.config);

    for (const layer of image.manifest.layers) {
      const progress: number[] = [];
      const bytes = await collect(client.fetchBlob(reference, layer, { onProgress: (done) => progress.push(done) }));
      expect(digestOf(bytes)).toBe(layer.digest);
      expect(progress.at(-1)).toBe(layer.size);
      expect(progress).toEqual([...progress].sort((a, b) => a - b));
    }
  });

  it('serves by digest, and tag and digest together', async () => {
    const client = testClient();
    const { digest } = image.descriptor;
    for (const name of [`${registry.host}/library/app@${digest}`, `${registry.host}/library/app:other@${digest}`]) {
      expect((await client.fetchManifest(parseReference(name))).descriptor).toEqual(image.descriptor);
    }
  });

  it('stands in for Docker Hub as a mirror', async () => {
    const client = testClient({ registries: { 'docker.io': { mirrors: [registry.url] } } });
    const reference = parseReference('app:v1');
    expect((await client.fetchManifest(reference)).descriptor).toEqual(image.descriptor);
    const [, second] = image.manifest.layers;
    if (second === undefined) throw new Error('the image has two layers');
    expect((await collect(client.fetchBlob(reference, second))).byteLength).toBe(second.size);
  });

  it('serves through a pull-through mirror', async () => {
    const mirror = await startRegistry({ proxy: registry.url });
    onTestFinished(() => mirror.close());
    const client = testClient({ registries: { 'up.test': { mirrors: [mirror.url] } } });
    const reference = parseReference('up.test/library/app:v1');
    expect((await client.fetchManifest(reference)).descriptor).toEqual(image.descriptor);
    for (const layer of image.manifest.layers) {
      expect((await collect(client.fetchBlob(reference, layer))).byteLength).toBe(layer.size);
    }
  });

  it('serves an index, and the manifest chosen from it', async () => {
    const entries = [];
    for (const text of ['linux/arm64', 'linux/amd64']) {
      const platform = parsePlatform(text);
      const { descriptor } = await pushImage(registry, 'multi', text.replace('/', '-'), [Buffer.from(text)], platform);
      entries.push({ ...descriptor, platform });
    }
    await pushManifest(
      registry,
      'multi',
      'latest',
      { schemaVersion: 2, mediaType: OCI_INDEX, manifests: entries },
      OCI_INDEX,
    );
    const client = testClient();
    const reference = parseReference(`${registry.host}/multi`);
    const parsed = parseManifest((await client.fetchManifest(reference)).bytes);
    if (parsed.kind !== 'index') throw new Error('an index was pushed');
    const { digest } = choosePlatform(parsed.index, parsePlatform('amd64'));
    expect((await client.fetchManifest({ ...reference, digest })).descriptor.digest).toBe(entries[1]?.digest);
  });

  it('serves Docker schema 2 as skopeo writes it', async () => {
    const target = `docker://${registry.host}/docker:v2`;
    const source = `docker://${registry.host}/library/app:v1`;
    await execa('skopeo', [
      'copy',
      '-q',
      '--format',
      'v2s2',
      '--src-tls-verify=false',
      '--dest-tls-verify=false',
      source,
      target,
    ]);
    const { descriptor, bytes } = await testClient().fetchManifest(parseReference(`${registry.host}/docker:v2`));
    expect(descriptor.mediaType).toBe(DOCKER_MANIFEST);
    expect(parseManifest(bytes, DOCKER_MANIFEST)).toMatchObject({
      manifest: { layers: image.manifest.layers.map(({ digest }) => ({ digest })) },
    });
  });

  it('stops when it is cancelled, before and in the middle', async () => {
    const client = testClient();
    const reference = parseReference(`${registry.host}/library/app:v1`);
    const before = AbortSignal.abort();
    await expect(client.fetchManifest(reference, { signal: before })).rejects.toMatchObject({
      code: 'ERR_RCX_ABORTED',
    });
    const [layer] = image.manifest.layers;
    if (layer === undefined) throw new Error('the image has two layers');
    const controller = new AbortController();
    const chunks = client.fetchBlob(reference, layer, {
      signal: controller.signal,
      onProgress: () => controller.abort(),
    });
    await expect(collect(chunks)).rejects.toMatchObject({ code: 'ERR_RCX_ABORTED' });
  });

  it('can be left in the middle of a layer', async () => {
    const client = testClient();
    const reference = parseReference(`${registry.host}/library/app:v1`);
    const [layer] = image.manifest.layers;
    if (layer === undefined) throw new Error('the image has two layers');
    for await (const chunk of client.fetchBlob(reference, layer)) {
      expect(chunk.byteLength).toBeGreaterThan(0);
      break;
    }
    expect((await client.fetchManifest(reference)).descriptor).toEqual(image.descriptor);
  });
});

describe('failures of a real registry', () => {
  it.each([
    ['library/app:missing', 'MANIFEST_UNKNOWN'],
    ['nobody/nothing:latest', ''],
    [`library/app@sha256:${'0'.repeat(64)}`, 'MANIFEST_UNKNOWN'],
  ])('%s is not found', async (name, said) => {
    const reference = parseReference(`${registry.host}/${name}`);
    await expect(testClient().fetchManifest(reference)).rejects.toMatchObject({
      code: 'ERR_RCX_IMAGE_NOT_FOUND',
      message: expect.stringMatching(
        new RegExp(`^${registry.host}/${name}: no such image on ${registry.url} \\(HTTP 404.*${said}`),
      ),
      hint: expect.any(String),
    });
  });

  it('says which layer is missing', async () => {
    const reference = parseReference(`${registry.host}/library/app:v1`);
    const layer = { mediaType: 'x/y', digest: digestOf(Buffer.from('never pushed')), size: 5 };
    await expect(collect(testClient().fetchBlob(reference, layer))).rejects.toMatchObject({
      code: 'ERR_RCX_BLOB_NOT_FOUND',
      message: expect.stringContaining(layer.digest),
    });
  });

  it('refuses a layer that was changed in the registry', async () => {
    const pushed = await pushImage(registry, 'changed', 'latest', [randomBytes(200_000)]);
    const [layer] = pushed.manifest.layers;
    if (layer === undefined) throw new Error('the image has a layer');
    const hex = hexOf(layer.digest);
    const file = join(registry.root, 'docker/registry/v2/blobs/sha256', hex.slice(0, 2), hex, 'data');
    await chmod(file, 0o644);
    const bytes = await readFile(file);
    bytes[100_000] = (bytes[100_000] ?? 0) ^ 1;
    await writeFile(file, bytes);
    await expect(
      collect(testClient().fetchBlob(parseReference(`${registry.host}/changed`), layer)),
    ).rejects.toMatchObject({
      code: 'ERR_RCX_DIGEST_MISMATCH',
      message: expect.stringContaining(createHash('sha256').update(bytes).digest('hex')),
    });
  });

  it('says that a registry is down, and finds it again when it is up', async () => {
    const down = await startRegistry();
    await down.close();
    const client = testClient({ registries: { 'up.test': { mirrors: [down.url, registry.url] } } });
    await expect(client.fetchManifest(parseReference(`${down.host}/app`))).rejects.toMatchObject({
      code: 'ERR_RCX_REGISTRY_UNAVAILABLE',
      errno: 'ECONNREFUSED',
      message: `${down.host}/app:latest: cannot reach ${down.host}: connection refused (ECONNREFUSED)`,
    });
    const found = await client.fetchManifest(parseReference('up.test/library/app:v1'));
    expect(found.descriptor).toEqual(image.descriptor);
  });
});

describe('a real registry with logins', () => {
  let locked: TestRegistry;
  beforeAll(async () => {
    locked = await startRegistry({ login: true });
    await pushImage(locked, 'private', 'latest', [Buffer.from('secret')]);
  });
  afterAll(() => locked.close());

  it('lets the right login in', async () => {
    const client = testClient({ auths: { [locked.host]: basicAuth(LOGIN) } });
    const { descriptor, bytes } = await client.fetchManifest(parseReference(`${locked.host}/private`));
    expect(descriptor.mediaType).toBe(OCI_MANIFEST);
    const parsed = parseManifest(bytes);
    if (parsed.kind !== 'manifest') throw new Error('a manifest was pushed');
    const config = await collect(client.fetchBlob(parseReference(`${locked.host}/private`), parsed.manifest.config));
    expect(parseImageConfig(config).os).toBe('linux');
  });

  it.each([
    ['no login', {}],
    ['a wrong password', { password: 'wrong' }],
  ])('keeps %s out, and says what to do', async (name, change) => {
    const auths = name === 'no login' ? {} : { [locked.host]: basicAuth({ ...LOGIN, ...change }) };
    await expect(testClient({ auths }).fetchManifest(parseReference(`${locked.host}/private`))).rejects.toMatchObject({
      code: 'ERR_RCX_UNAUTHORIZED',
      message: expect.stringMatching(/login needed or refused by http:\/\/127/),
      hint: expect.stringContaining(`rcx login ${locked.host}`),
    });
  });
});
