import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { inspectManifest } from '../../../ts/image/inspectManifest.ts';
import { DOCKER_MANIFEST, OCI_CONFIG, OCI_INDEX, OCI_MANIFEST } from '../../../ts/oci/mediaTypes.ts';
import { parsePlatform } from '../../../ts/oci/platform.ts';
import { selfSignedCertificate } from '../../support/certificate.ts';
import { startForwardProxy } from '../../support/forwardProxy.ts';
import { startHostileRegistry } from '../../support/hostileRegistry.ts';
import { type PushedImage, pushBlob, pushImage, pushManifest } from '../../support/push.ts';
import { startRegistry, type TestRegistry } from '../../support/registry.ts';

const HOST = { config: { registries: {} }, env: { HOME: '/nonexistent' } };
const PLATFORMS = ['linux/amd64', 'linux/arm/v7'];

let registry: TestRegistry;
let images: PushedImage[];
beforeAll(async () => {
  registry = await startRegistry();
  images = [];
  for (const text of PLATFORMS) {
    images.push(await pushImage(registry, 'app', text.replaceAll('/', '-'), [Buffer.from(text)], parsePlatform(text)));
  }
  const manifests = images.map(({ descriptor }, index) => ({
    ...descriptor,
    platform: parsePlatform(PLATFORMS[index] ?? ''),
  }));
  const index = { schemaVersion: 2, mediaType: OCI_INDEX, manifests, annotations: { 'a<b': 'c\u0080' } };
  await pushManifest(registry, 'app', 'latest', index, OCI_INDEX);
});
afterAll(() => registry.close());

const inspect = (name: string, verbose = false) => inspectManifest(`${registry.host}/${name}`, { ...HOST, verbose });
const exact = async (name: string) => {
  const accept = `${OCI_MANIFEST}, ${OCI_INDEX}, ${DOCKER_MANIFEST}`;
  const [repository, tag] = name.split(':');
  return (await fetch(`${registry.url}/v2/${repository}/manifests/${tag}`, { headers: { accept } })).text();
};

describe('inspectManifest', () => {
  it('lays a manifest out with tabs and an index with three spaces, and changes nothing', async () => {
    const manifest = await exact('app:linux-amd64');
    expect(await inspect('app:linux-amd64')).toBe(JSON.stringify(JSON.parse(manifest), undefined, '\t'));
    const index = await exact('app:latest');
    expect(await inspect('app')).toBe(JSON.stringify(JSON.parse(index), undefined, 3));
  });

  it('keeps what JSON.parse would not', async () => {
    const [image] = images as [PushedImage];
    const text = JSON.stringify({ ...image.manifest, annotations: { n: 'N' } }).replace('"N"', '"\\u0041\\/"');
    const url = new URL('/v2/app/manifests/odd', registry.url);
    const put = await fetch(url, { method: 'PUT', headers: { 'content-type': OCI_MANIFEST }, body: text });
    expect(put.status).toBe(201);
    expect(await inspect('app:odd')).toContain('\n\t\t"n": "\\u0041\\/"\n');
  });

  it('describes an image as Docker does', async () => {
    const [{ descriptor, manifest }] = images as [PushedImage];
    const text = await inspect('app:linux-amd64', true);
    const described = {
      Ref: `${registry.host}/app:linux-amd64`,
      Descriptor: {
        mediaType: descriptor.mediaType,
        digest: descriptor.digest,
        size: descriptor.size,
        platform: { architecture: 'amd64', os: 'linux' },
      },
      Raw: Buffer.from(await exact('app:linux-amd64')).toString('base64'),
      OCIManifest: manifest,
    };
    expect(text).toBe(JSON.stringify(described, undefined, '\t'));
    const byDigest = JSON.parse(await inspect(`app@${descriptor.digest}`, true));
    expect(byDigest).toEqual({ ...described, Ref: `${registry.host}/app@${descriptor.digest}` });
  });

  it('describes all images of an index', async () => {
    const described = JSON.parse(await inspect('app', true));
    expect(described).toEqual(
      images.map(({ descriptor, manifest }, index) => ({
        Ref: `${registry.host}/app:latest@${descriptor.digest}`,
        Descriptor: { ...descriptor, platform: parsePlatform(PLATFORMS[index] ?? '') },
        Raw: expect.any(String),
        OCIManifest: manifest,
      })),
    );
    expect(Object.keys(described[1].Descriptor.platform)).toEqual(['architecture', 'os', 'variant']);
  });

  it('names Docker’s own format by its own name, and escapes what Go’s encoder escapes', async () => {
    const [image] = images as [PushedImage];
    const document = { ...image.manifest, mediaType: DOCKER_MANIFEST, annotations: { '<&>': '\u2028' } };
    await pushManifest(registry, 'app', 'docker', document, DOCKER_MANIFEST);
    const text = await inspect('app:docker', true);
    expect(JSON.parse(text)).toMatchObject({ SchemaV2Manifest: document });
    expect(text).toContain('"\\u003c\\u0026\\u003e": "\\u2028"');
    expect(await inspect('app:docker')).toContain('"<&>": "\u2028"');
  });

  it('has an empty platform for what is no image', async () => {
    const config = await pushBlob(registry, 'app', Buffer.from('not JSON'), 'application/vnd.example.config');
    const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] };
    await pushManifest(registry, 'app', 'artifact', document, OCI_MANIFEST);
    expect(JSON.parse(await inspect('app:artifact', true)).Descriptor.platform).toEqual({ architecture: '', os: '' });
  });

  it('tells of a config that is none', async () => {
    const config = await pushBlob(registry, 'app', Buffer.from('not JSON'), OCI_CONFIG);
    const document = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: [] };
    await pushManifest(registry, 'app', 'damaged', document, OCI_MANIFEST);
    expect(JSON.parse(await inspect('app:damaged'))).toEqual(document);
    await expect(inspect('app:damaged', true)).rejects.toMatchObject({
      code: 'ERR_RCX_INVALID_MANIFEST',
      message: `inspect ${registry.host}/app:damaged: its config ${config.digest} is not JSON`,
    });
  });

  it.each([
    ['app:none', 'ERR_RCX_IMAGE_NOT_FOUND'],
    ['App', 'ERR_RCX_INVALID_REFERENCE'],
  ])('of %s fails', async (name, code) => {
    await expect(inspect(name)).rejects.toMatchObject({ code });
  });

  it('takes a registry with a certificate of its own only if it is called insecure', async () => {
    const server = await startHostileRegistry(await selfSignedCertificate());
    const proxy = await startForwardProxy(server.host);
    onTestFinished(() => Promise.all([server.close(), proxy.close()]).then(() => undefined));
    const body = await exact('app:linux-amd64');
    server.on('/v2/app/manifests/latest', (_, response) => response.setHeader('content-type', OCI_MANIFEST).end(body));
    const options = { ...HOST, env: { ...HOST.env, HTTPS_PROXY: proxy.url } };
    await expect(inspectManifest('r.test/app', options)).rejects.toMatchObject({ message: /certificate/ });
    expect(JSON.parse(await inspectManifest('r.test/app', { ...options, insecure: true }))).toEqual(JSON.parse(body));
  });
});
