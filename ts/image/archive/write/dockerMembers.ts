import { hexOf } from '../../../oci/digest.ts';
import { canonicalReference } from '../../../oci/reference.ts';
import type { BlobStore } from '../../../store/blobs.ts';
import { DOCKER_MANIFEST } from '../read/dockerManifest.ts';
import { textMember } from './layoutMembers.ts';
import { InflatedLayer, verifiedBlob } from './savedBlobs.ts';
import type { SavedImage } from './savedImage.ts';
import type { OutputMember } from './tarMembers.ts';

/**
 * The members of an archive in docker's format alone, named as skopeo and podman name them, layers uncompressed.
 *
 * docker 20.10 reads the compressed layers of the other forms, too, but not those compressed by zstd ("invalid tar header");
 * and it, or what else knows only docker's format, is what somebody has who asks for this one.
 *
 * Layers are inflated twice: the header before each says how long it is, and a copy would cost more.
 */
export async function dockerMembers(blobs: BlobStore, images: readonly SavedImage[]): Promise<OutputMember[]> {
  const members = new Map<string, OutputMember>();
  for (const { config, layers } of images) {
    const content = () => verifiedBlob(blobs, config);
    members.set(configName(config), { name: configName(config), size: config.size, content });
    for (const layer of layers) {
      const name = layerName(layer);
      if (members.has(name)) continue;
      const inflated = new InflatedLayer(blobs, layer.blob, layer.diffId);
      members.set(name, { name, size: await inflated.size(), content: () => inflated.content() });
    }
  }
  // Names in full: podman takes those without a registry for its own, localhost/….
  const items = images.map(({ tags, config, layers }) => ({
    Config: configName(config),
    RepoTags: tags.map(canonicalReference),
    Layers: layers.map(layerName),
  }));
  return [...members.values(), textMember(DOCKER_MANIFEST, JSON.stringify(items))];
}

function configName({ digest }: SavedImage['config']): string {
  return `${hexOf(digest)}.json`;
}

function layerName({ diffId }: SavedImage['layers'][number]): string {
  return `${hexOf(diffId)}.tar`;
}
