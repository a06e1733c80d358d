import { RcxError } from '../errors.ts';
import { quote } from './quote.ts';

// https://github.com/opencontainers/image-spec/blob/main/media-types.md
export const OCI_INDEX = 'application/vnd.oci.image.index.v1+json';
export const OCI_MANIFEST = 'application/vnd.oci.image.manifest.v1+json';
export const OCI_CONFIG = 'application/vnd.oci.image.config.v1+json';
export const OCI_LAYER = 'application/vnd.oci.image.layer.v1.tar';
export const OCI_LAYER_GZIP = 'application/vnd.oci.image.layer.v1.tar+gzip';
export const OCI_LAYER_ZSTD = 'application/vnd.oci.image.layer.v1.tar+zstd';
// https://github.com/distribution/distribution/blob/main/docs/content/spec/manifest-v2-2.md
export const DOCKER_INDEX = 'application/vnd.docker.distribution.manifest.list.v2+json';
export const DOCKER_MANIFEST = 'application/vnd.docker.distribution.manifest.v2+json';
export const DOCKER_CONFIG = 'application/vnd.docker.container.image.v1+json';
export const DOCKER_LAYER = 'application/vnd.docker.image.rootfs.diff.tar';
export const DOCKER_LAYER_GZIP = 'application/vnd.docker.image.rootfs.diff.tar.gzip';
export const DOCKER_LAYER_ZSTD = 'application/vnd.docker.image.rootfs.diff.tar.zstd';

/** What can be asked of a registry's manifest endpoint, preferred first. */
export const MANIFEST_TYPES: readonly string[] = [OCI_INDEX, OCI_MANIFEST, DOCKER_INDEX, DOCKER_MANIFEST];

const COMPRESSION: Readonly<Record<string, LayerCompression>> = {
  [OCI_LAYER]: 'none',
  [OCI_LAYER_GZIP]: 'gzip',
  [OCI_LAYER_ZSTD]: 'zstd',
  [DOCKER_LAYER]: 'none',
  [DOCKER_LAYER_GZIP]: 'gzip',
  [DOCKER_LAYER_ZSTD]: 'zstd',
  'application/vnd.oci.image.layer.nondistributable.v1.tar': 'none',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip': 'gzip',
  'application/vnd.oci.image.layer.nondistributable.v1.tar+zstd': 'zstd',
  'application/vnd.docker.image.rootfs.foreign.diff.tar': 'none',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip': 'gzip',
};

const OCI_TYPES: Readonly<Record<string, string>> = {
  [DOCKER_INDEX]: OCI_INDEX,
  [DOCKER_MANIFEST]: OCI_MANIFEST,
  [DOCKER_CONFIG]: OCI_CONFIG,
  [DOCKER_LAYER]: OCI_LAYER,
  [DOCKER_LAYER_GZIP]: OCI_LAYER_GZIP,
  [DOCKER_LAYER_ZSTD]: OCI_LAYER_ZSTD,
  'application/vnd.docker.image.rootfs.foreign.diff.tar': 'application/vnd.oci.image.layer.nondistributable.v1.tar',
  'application/vnd.docker.image.rootfs.foreign.diff.tar.gzip':
    'application/vnd.oci.image.layer.nondistributable.v1.tar+gzip',
};

/** The OCI's name for one of Docker's types, of which it is the other name (image-spec, media-types.md, "Compatibility Matrix"). */
export function ociType(mediaType: string): string {
  return (Object.hasOwn(OCI_TYPES, mediaType) ? OCI_TYPES[mediaType] : undefined) ?? mediaType;
}

/** How the tar archive of a layer is stored. */
export type LayerCompression = 'none' | 'gzip' | 'zstd';

/** An image manifest: one config and its layers. */
export function isManifestType(mediaType: string): boolean {
  return mediaType === OCI_MANIFEST || mediaType === DOCKER_MANIFEST;
}

/** An index (Docker: manifest list): a choice of manifests by platform. */
export function isIndexType(mediaType: string): boolean {
  return mediaType === OCI_INDEX || mediaType === DOCKER_INDEX;
}

/** A runnable image's config, as against that of an artifact. */
export function isConfigType(mediaType: string): boolean {
  return mediaType === OCI_CONFIG || mediaType === DOCKER_CONFIG;
}

/** A layer that {@link layerCompression} knows how to read. */
export function isLayerType(mediaType: string): boolean {
  return Object.hasOwn(COMPRESSION, mediaType);
}

/** Docker's signed and unsigned schema 1, dropped by Docker itself in version 27. */
export function isSchema1Type(mediaType: string): boolean {
  return /^application\/vnd\.docker\.distribution\.manifest\.v1\+(json|prettyjws)$/.test(mediaType);
}

/**
 * The compression that a layer's media type announces.
 * @throws ERR_RCX_UNSUPPORTED_MEDIA_TYPE for anything that is not a layer archive, encrypted layers included.
 */
export function layerCompression(mediaType: string): LayerCompression {
  const compression = isLayerType(mediaType) ? COMPRESSION[mediaType] : undefined;
  if (compression !== undefined) return compression;
  throw new RcxError(`unsupported layer media type ${quote(mediaType)}`, {
    code: 'ERR_RCX_UNSUPPORTED_MEDIA_TYPE',
    step: 'read layer',
    path: mediaType,
    hint: 'rcx reads tar layers stored plain, with gzip or with zstd; this may be an artifact or an encrypted image rather than a container image.',
  });
}
