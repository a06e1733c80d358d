import { OCI_MANIFEST, ociType } from '../../../oci/mediaTypes.ts';
import type { Reference } from '../../../oci/reference.ts';
import type { Descriptor, ImageManifest } from '../../../oci/types.ts';
import type { BlobStore } from '../../../store/blobs.ts';
import { readManifest } from '../../../store/storedImage.ts';
import { type Document, documentOf } from '../../newImage.ts';
import { damaged, expectBlob } from './savedBlobs.ts';
import type { SelectedImage } from './selection.ts';

/** An image with all that an archive of it has. */
export interface SavedImage {
  tags: readonly Reference[];
  manifest: Document;
  config: Descriptor;
  /** Base layer first. */
  layers: readonly { blob: Descriptor; diffId: SelectedImage['image']['diffIds'][number] }[];
}

/**
 * Reads what is to be saved of an image, and sees that all of it is there.
 *
 * A manifest of Docker's own type is saved as the OCI manifest that says the same: skopeo looks in a layout for none but these,
 * umoci reads no others, and docker makes them anew as well. Config and layers, and with the config the ID, stay as they are.
 * @throws ERR_RCX_BLOB_NOT_FOUND, ERR_RCX_STORE_DAMAGED
 */
export function savedImage(blobs: BlobStore, { image, tags }: SelectedImage): SavedImage {
  expectBlob(blobs, image.manifest);
  const bytes = blobs.readIfWhole(image.manifest);
  if (bytes === undefined)
    throw damaged(blobs, image.manifest.digest, new Error('its content is not what its name says'));
  const manifest = readManifest(blobs, image.manifest);
  const { config, layers } = manifest;
  for (const blob of [config, ...layers]) expectBlob(blobs, blob);
  return {
    tags,
    manifest: ociManifest(image.manifest, bytes, manifest),
    config,
    layers: image.diffIds.map((diffId, index) => ({ diffId, blob: layers[index] as Descriptor })),
  };
}

function ociManifest({ mediaType, digest, size }: Descriptor, bytes: Buffer, manifest: ImageManifest): Document {
  if (mediaType === OCI_MANIFEST) return { descriptor: { mediaType, digest, size }, bytes };
  const translated = (each: Descriptor): Descriptor => ({ ...each, mediaType: ociType(each.mediaType) });
  return documentOf(OCI_MANIFEST, {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: translated(manifest.config),
    layers: manifest.layers.map(translated),
  });
}
