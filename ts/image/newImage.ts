import { digestOf } from '../oci/digest.ts';
import { OCI_CONFIG, OCI_MANIFEST, ociType } from '../oci/mediaTypes.ts';
import type { Reference } from '../oci/reference.ts';
import type { Descriptor, ImageConfig, ImageManifest } from '../oci/types.ts';
import { BlobStore } from '../store/blobs.ts';
import type { Content } from '../store/content.ts';
import { ImageStore, type StoredImage } from '../store/images.ts';
import { LayerStore } from '../store/layers.ts';
import type { StorePaths } from '../store/paths.ts';

/** A document of an image: its bytes and the descriptor that names them. */
export interface Document {
  descriptor: Descriptor;
  bytes: Buffer;
}

/** The document that a value is as JSON. The same value gives the same bytes, hence the same digest. */
export function documentOf(mediaType: string, content: ImageConfig | ImageManifest): Document {
  const bytes = Buffer.from(JSON.stringify(content));
  return { descriptor: { mediaType, digest: digestOf(bytes), size: bytes.length }, bytes };
}

/** Config and manifest of an image of these layers. */
export function imageDocuments(
  config: ImageConfig,
  layers: readonly Descriptor[],
): Record<'config' | 'manifest', Document> {
  const configDocument = documentOf(OCI_CONFIG, config);
  const manifest: ImageManifest = {
    schemaVersion: 2,
    mediaType: OCI_MANIFEST,
    config: configDocument.descriptor,
    layers: layers.map((layer) => ({ ...layer, mediaType: ociType(layer.mediaType) })),
  };
  return { config: configDocument, manifest: documentOf(OCI_MANIFEST, manifest) };
}

/**
 * Puts an image into the store whose layers are there, blobs and trees. To be called by whoever holds the content lock.
 * @param reference its name; without one it can be found by its ID alone
 * @param made is told what was put into the store for the image
 */
export async function addImage(
  paths: StorePaths,
  config: ImageConfig,
  layers: readonly Descriptor[],
  reference: Reference | undefined,
  made: Content,
): Promise<StoredImage> {
  const blobs = new BlobStore(paths);
  const images = new ImageStore(paths);
  const documents = imageDocuments(config, layers);
  for (const { descriptor, bytes } of [documents.config, documents.manifest]) {
    made.blobs.push(descriptor.digest);
    await blobs.put(descriptor.digest, bytes);
  }
  const { descriptor } = documents.manifest;
  const image = await (reference === undefined
    ? images.putUnnamed(descriptor)
    : images.put(reference, descriptor, { isNew: true }));
  new LayerStore(paths).flushLater(image.diffIds);
  return image;
}
