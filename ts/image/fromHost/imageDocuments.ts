import { digestOf } from '../../oci/digest.ts';
import { OCI_CONFIG, OCI_LAYER, OCI_MANIFEST } from '../../oci/mediaTypes.ts';
import { hostPlatform } from '../../oci/platform.ts';
import type { Descriptor, ImageConfig, ImageManifest } from '../../oci/types.ts';
import type { LayerTime } from './layer.ts';
import type { HostRootfs } from './rootfs.ts';

/** A document of an image: its bytes and the descriptor that names them. */
export interface Document {
  descriptor: Descriptor;
  bytes: Buffer;
}

/** The config and manifest of a one-layer image; they too are the same bytes for the same layer. */
export interface ImageDocuments {
  config: Document;
  manifest: Document;
}

/**
 * @param layer descriptor of the uncompressed layer, whose digest therefore is its diff ID too
 * @param programs as they were asked for; none is the default list
 */
export function imageDocuments(
  layer: Descriptor,
  rootfs: Pick<HostRootfs, 'command' | 'environment'>,
  time: LayerTime,
  programs: readonly string[] = [],
): ImageDocuments {
  const created = new Date(time.seconds * 1000).toISOString();
  const config: ImageConfig = {
    created,
    ...hostPlatform(),
    config: { Env: rootfs.environment, Cmd: rootfs.command, WorkingDir: '/' },
    rootfs: { type: 'layers', diff_ids: [layer.digest] },
    history: [{ created, created_by: ['rcx image from-host', ...programs].join(' ') }],
  };
  const configDocument = documentOf(OCI_CONFIG, config);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: configDocument.descriptor,
    layers: [layer],
  };
  return { config: configDocument, manifest: documentOf(OCI_MANIFEST, manifest) };
}

/** Descriptor of the layer that an uncompressed archive of `size` bytes is. */
export function layerDescriptor(measured: { size: number; hex: string }): Descriptor {
  return { mediaType: OCI_LAYER, digest: `sha256:${measured.hex}`, size: measured.size };
}

function documentOf(mediaType: string, content: ImageConfig | ImageManifest): Document {
  const bytes = Buffer.from(JSON.stringify(content));
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}
