import { gzipSync } from 'node:zlib';
import { digestOf } from '../../ts/oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../ts/oci/mediaTypes.ts';
import { hostPlatform } from '../../ts/oci/platform.ts';
import type { Descriptor, ImageConfig, ImageManifest, Platform } from '../../ts/oci/types.ts';
import type { TestRegistry } from './registry.ts';

/** An image as it lies in a registry. */
export interface PushedImage {
  descriptor: Descriptor;
  manifest: ImageManifest;
  config: ImageConfig;
}

/** Uploads a blob with the two plain requests of the distribution-spec. */
export async function pushBlob(
  registry: TestRegistry,
  repository: string,
  bytes: Uint8Array,
  mediaType: string,
): Promise<Descriptor> {
  const digest = digestOf(bytes);
  const begun = await send(registry, 'POST', new URL(`/v2/${repository}/blobs/uploads/`, registry.url), 202);
  const location = new URL(begun.headers.get('location') ?? '', registry.url);
  location.searchParams.set('digest', digest);
  await send(registry, 'PUT', location, 201, bytes, 'application/octet-stream');
  return { mediaType, digest, size: bytes.byteLength };
}

/** Uploads a manifest or index; `reference` is a tag or a digest. */
export async function pushManifest(
  registry: TestRegistry,
  repository: string,
  reference: string,
  document: object,
  mediaType: string,
): Promise<Descriptor> {
  const bytes = Buffer.from(JSON.stringify(document));
  const url = new URL(`/v2/${repository}/manifests/${reference}`, registry.url);
  await send(registry, 'PUT', url, 201, bytes, mediaType);
  return { mediaType, digest: digestOf(bytes), size: bytes.byteLength };
}

/**
 * Uploads an OCI image.
 * @param tars uncompressed layer archives, base first; stored with gzip
 */
export async function pushImage(
  registry: TestRegistry,
  repository: string,
  tag: string,
  tars: readonly Uint8Array[],
  platform: Platform = hostPlatform(),
): Promise<PushedImage> {
  const { os, architecture, variant } = platform;
  const config: ImageConfig = {
    os,
    architecture,
    ...(variant !== undefined && { variant }),
    rootfs: { type: 'layers', diff_ids: tars.map((tar) => digestOf(tar)) },
  };
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: await pushBlob(registry, repository, Buffer.from(JSON.stringify(config)), OCI_CONFIG),
    layers: [],
  };
  for (const tar of tars) manifest.layers.push(await pushBlob(registry, repository, gzipSync(tar), OCI_LAYER_GZIP));
  return { descriptor: await pushManifest(registry, repository, tag, manifest, OCI_MANIFEST), manifest, config };
}

async function send(
  { login }: TestRegistry,
  method: string,
  url: URL,
  expected: number,
  body?: Uint8Array,
  contentType?: string,
): Promise<Response> {
  const basic = login && Buffer.from(`${login.username}:${login.password}`).toString('base64');
  const headers = {
    ...(basic && { authorization: `Basic ${basic}` }),
    ...(contentType && { 'content-type': contentType }),
  };
  const response = await fetch(url, { method, headers, body: body === undefined ? null : Buffer.from(body) });
  if (response.status === expected) return response;
  throw new Error(`${method} ${url.pathname}: HTTP ${response.status} ${await response.text()}`);
}
