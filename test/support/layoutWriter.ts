import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { type Digest, digestOf, hexOf } from '../../ts/oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_LAYER_GZIP, OCI_MANIFEST } from '../../ts/oci/mediaTypes.ts';
import { hostPlatform } from '../../ts/oci/platform.ts';
import type { Descriptor, ImageConfig } from '../../ts/oci/types.ts';

export interface WrittenLayout {
  manifest: Descriptor;
  config: Descriptor;
  layers: Descriptor[];
  diffIds: Digest[];
}

export interface LayoutOptions {
  tag?: string;
  /** How each layer's archive is stored; gzip by default. */
  compress?: (archive: Buffer) => { mediaType: string; blob: Buffer };
  /** What the config says instead of the true digests. */
  diffIds?: Digest[];
  /** More of the config. */
  config?: Pick<ImageConfig, 'created' | 'author' | 'config'>;
}

export const asGzip = (archive: Buffer) => ({ mediaType: OCI_LAYER_GZIP, blob: gzipSync(archive, { level: 1 }) });
export const asTar = (archive: Buffer) => ({ mediaType: OCI_LAYER, blob: archive });

/** Writes an OCI image layout with one image made of these archives, base layer first. */
export function writeLayout(
  directory: string,
  archives: readonly Buffer[],
  options: LayoutOptions = {},
): WrittenLayout {
  const put = (bytes: Buffer, mediaType: string): Descriptor => {
    const digest = digestOf(bytes);
    mkdirSync(join(directory, 'blobs/sha256'), { recursive: true });
    writeFileSync(join(directory, 'blobs/sha256', hexOf(digest)), bytes);
    return { mediaType, digest, size: bytes.length };
  };
  const putJson = (value: object, mediaType: string) => put(Buffer.from(JSON.stringify(value)), mediaType);
  const layers = archives.map((archive) => {
    const { mediaType, blob } = (options.compress ?? asGzip)(archive);
    return put(blob, mediaType);
  });
  const diffIds = options.diffIds ?? archives.map(digestOf);
  const config = putJson(
    { ...hostPlatform(), rootfs: { type: 'layers', diff_ids: diffIds }, config: { Cmd: ['sh'] }, ...options.config },
    OCI_CONFIG,
  );
  const manifest = putJson({ schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers }, OCI_MANIFEST);
  const annotations = { 'org.opencontainers.image.ref.name': options.tag ?? 'latest' };
  const index = { schemaVersion: 2, manifests: [{ ...manifest, annotations }] };
  writeFileSync(join(directory, 'index.json'), JSON.stringify(index));
  writeFileSync(join(directory, 'oci-layout'), '{"imageLayoutVersion":"1.0.0"}');
  return { manifest, config, layers, diffIds };
}
