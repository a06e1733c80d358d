import { gzipSync } from 'node:zlib';
import { digestOf } from '../../ts/oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../ts/oci/mediaTypes.ts';
import type { Descriptor, ImageConfig, ImageManifest } from '../../ts/oci/types.ts';
import { pushBlob, pushManifest } from './push.ts';

const ACCEPT = 'application/vnd.oci.image.manifest.v1+json, application/vnd.docker.distribution.manifest.v2+json';

/** Manifest and config of an image in the registry at `host`. */
export async function fetchImage(host: string, repository: string, tag: string) {
  const get = (path: string) => fetch(`http://${host}/v2/${repository}/${path}`, { headers: { accept: ACCEPT } });
  const manifest = (await (await get(`manifests/${tag}`)).json()) as ImageManifest;
  const config = (await (await get(`blobs/${manifest.config.digest}`)).json()) as ImageConfig;
  return { manifest, config };
}

/**
 * Puts layers on top of an image and gives the result another tag of the same repository.
 * @param tars uncompressed archives, lowest first
 */
export async function extendImage(
  host: string,
  repository: string,
  [from, to]: [string, string],
  tars: readonly Buffer[],
): Promise<Descriptor> {
  const registry = { host, url: `http://${host}`, login: undefined, root: '', close: async () => undefined };
  const { manifest, config } = await fetchImage(host, repository, from);
  const layers = [...manifest.layers];
  for (const tar of tars) {
    layers.push(await pushBlob(registry, repository, gzipSync(tar, { level: 1 }), OCI_LAYER_GZIP));
  }
  const diff_ids = [...config.rootfs.diff_ids, ...tars.map((tar) => digestOf(tar))];
  // History is optional, and must not be there for some of the layers only.
  const { history: _dropped, ...rest } = config as ImageConfig & { history?: unknown };
  const bytes = Buffer.from(JSON.stringify({ ...rest, rootfs: { type: 'layers', diff_ids } }));
  const document = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: await pushBlob(registry, repository, bytes, OCI_CONFIG),
    layers,
  };
  return await pushManifest(registry, repository, to, document, OCI_MANIFEST);
}
