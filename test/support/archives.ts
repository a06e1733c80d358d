import { digestOf, hexOf } from '../../ts/oci/digest.ts';
import { OCI_CONFIG, OCI_INDEX, OCI_LAYER, OCI_MANIFEST } from '../../ts/oci/mediaTypes.ts';
import { hostPlatform } from '../../ts/oci/platform.ts';
import type { Descriptor, Platform } from '../../ts/oci/types.ts';
import { TarBuilder } from './tarBuilder.ts';

/** Members of an archive by name: text and bytes are files. */
export type Files = Record<string, string | Buffer>;

/** An archive of these files, in their order. */
export function archiveOf(files: Files): TarBuilder {
  const tar = new TarBuilder();
  for (const [name, content] of Object.entries(files)) tar.file(name, content);
  return tar;
}

export interface ImageOptions {
  platform?: Platform;
  /** Added to the config, so that images of the same layers differ. */
  comment?: string;
}

/** The config of an image of these uncompressed layers, as bytes. */
export function configOf(layers: readonly Buffer[], { platform, comment = '' }: ImageOptions = {}): Buffer {
  const rootfs = { type: 'layers', diff_ids: layers.map(digestOf) };
  return Buffer.from(
    JSON.stringify({ ...(platform ?? hostPlatform()), author: comment, config: { Cmd: ['sh'] }, rootfs }),
  );
}

/** What `docker save` before version 25 writes of an image: `<config>.json`, `<layer>/layer.tar`, and its item of manifest.json. */
export function dockerImage(
  layers: readonly Buffer[],
  names: readonly string[],
  options: ImageOptions = {},
): { files: Files; item: { Config: string; RepoTags: string[]; Layers: string[] }; id: string } {
  const config = configOf(layers, options);
  const id = digestOf(config);
  const paths = layers.map((layer) => `${hexOf(digestOf(layer))}/layer.tar`);
  return {
    files: {
      ...Object.fromEntries(layers.map((layer, index) => [paths[index], layer])),
      [`${hexOf(id as `sha256:${string}`)}.json`]: config,
    },
    item: { Config: `${id.slice('sha256:'.length)}.json`, RepoTags: [...names], Layers: paths },
    id,
  };
}

/** The files of a whole archive of such images. */
export function dockerFiles(...images: ReturnType<typeof dockerImage>[]): Files {
  return {
    ...Object.assign({}, ...images.map(({ files }) => files)),
    'manifest.json': JSON.stringify(images.map(({ item }) => item)),
  };
}

/** An image layout in the making. */
export class LayoutBuilder {
  readonly files: Files = { 'oci-layout': '{"imageLayoutVersion":"1.0.0"}' };
  readonly #entries: Descriptor[] = [];

  blob(content: Buffer | object, mediaType: string): Descriptor {
    const bytes = Buffer.isBuffer(content) ? content : Buffer.from(JSON.stringify(content));
    const digest = digestOf(bytes);
    this.files[`blobs/sha256/${hexOf(digest)}`] = bytes;
    return { mediaType, digest, size: bytes.length };
  }

  /** Config, layers and manifest of an image; plain archives. */
  image(layers: readonly Buffer[], options: ImageOptions = {}): { manifest: Descriptor; id: string } {
    const config = this.blob(configOf(layers, options), OCI_CONFIG);
    const blobs = layers.map((layer) => this.blob(layer, OCI_LAYER));
    const manifest = { schemaVersion: 2, mediaType: OCI_MANIFEST, config, layers: blobs };
    return { manifest: this.blob(manifest, OCI_MANIFEST), id: config.digest };
  }

  index(manifests: readonly Descriptor[]): Descriptor {
    return this.blob({ schemaVersion: 2, mediaType: OCI_INDEX, manifests }, OCI_INDEX);
  }

  /** An entry of index.json. */
  entry(descriptor: Descriptor, annotations?: Record<string, string>, platform?: Platform): this {
    this.#entries.push({ ...descriptor, ...(annotations && { annotations }), ...(platform && { platform }) });
    return this;
  }

  /** An entry with a name, as docker, BuildKit and containerd write it. */
  named(descriptor: Descriptor, name: string, platform?: Platform): this {
    const tag = name.slice(name.lastIndexOf(':') + 1);
    const annotations = { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': tag };
    return this.entry(descriptor, annotations, platform);
  }

  /** All files, `index.json` last. */
  build(): Files {
    return { ...this.files, 'index.json': JSON.stringify({ schemaVersion: 2, manifests: this.#entries }) };
  }
}
