import { OCI_INDEX } from '../../../oci/mediaTypes.ts';
import { canonicalReference, familiarReference } from '../../../oci/reference.ts';
import type { Descriptor } from '../../../oci/types.ts';
import type { BlobStore } from '../../../store/blobs.ts';
import { REFERENCE_NAME } from '../../../store/storedImage.ts';
import { DOCKER_MANIFEST } from '../read/dockerManifest.ts';
import { INDEX, LAYOUT, VERSION } from '../read/layout.ts';
import { blobName } from '../read/members.ts';
import { CONTAINERD_NAME } from '../read/names.ts';
import { verifiedBlob } from './savedBlobs.ts';
import type { SavedImage } from './savedImage.ts';
import type { OutputMember } from './tarMembers.ts';

/**
 * The members of an image layout (image-spec, image-layout.md), each blob once.
 * @param withManifest add `manifest.json`, by which docker before 25, and all readers of its archives, find the same blobs
 */
export function layoutMembers(
  blobs: BlobStore,
  images: readonly SavedImage[],
  { withManifest }: { withManifest: boolean },
): OutputMember[] {
  const members = new Map<string, OutputMember>();
  const add = (member: OutputMember) => members.set(member.name, member);
  add(textMember(LAYOUT, JSON.stringify({ imageLayoutVersion: VERSION })));
  add(textMember(INDEX, indexOf(images)));
  if (withManifest) add(textMember(DOCKER_MANIFEST, manifestOf(images)));
  for (const { manifest, config, layers } of images) {
    const { descriptor, bytes } = manifest;
    add({ name: blobName(descriptor.digest), size: bytes.length, content: () => [bytes] });
    for (const blob of [config, ...layers.map((layer) => layer.blob)]) {
      add({ name: blobName(blob.digest), size: blob.size, content: () => verifiedBlob(blobs, blob) });
    }
  }
  return [...members.values()];
}

/** A member that is made here. */
export function textMember(name: string, text: string): OutputMember {
  const bytes = Buffer.from(text);
  return { name, size: bytes.length, content: () => [bytes] };
}

function manifestOf(images: readonly SavedImage[]): string {
  const items = images.map((image) => {
    const layers = image.layers.map(({ blob }) => blobName(blob.digest));
    return { Config: blobName(image.config.digest), RepoTags: image.tags.map(familiarReference), Layers: layers };
  });
  return JSON.stringify(items);
}

/** An entry for each name, as docker and containerd write them: the annotation of the OCI has room for the tag only. */
function indexOf(images: readonly SavedImage[]): string {
  const manifests = images.flatMap(({ tags, manifest: { descriptor } }): Descriptor[] => {
    if (tags.length === 0) return [descriptor];
    return tags.map((tag) => ({
      ...descriptor,
      annotations: { [CONTAINERD_NAME]: canonicalReference(tag), [REFERENCE_NAME]: tag.tag ?? '' },
    }));
  });
  return JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests });
}
