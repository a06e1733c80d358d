import type { Digest } from '../oci/digest.ts';
import { isConfigType, isIndexType, isManifestType } from '../oci/mediaTypes.ts';
import { parseImageConfig, parseManifest } from '../oci/parse.ts';
import type { Descriptor } from '../oci/types.ts';
import type { BlobStore } from './blobs.ts';

/** What an image is made of. */
export interface Content {
  /** Manifest, config and compressed layers. */
  blobs: Digest[];
  /** Unpacked layers, base first. */
  diffIds: Digest[];
}

/**
 * All that an entry of `index.json` leads to, be it one of rcx's images or what another tool has put there. Of an index, which
 * may be of more platforms than the store has, the missing parts count as having nothing.
 * @throws ERR_RCX_BLOB_NOT_FOUND, ERR_RCX_INVALID_MANIFEST, ERR_RCX_UNSUPPORTED_MEDIA_TYPE when it cannot be told
 */
export function contentOf(blobs: BlobStore, entry: Descriptor): Content {
  if (isManifestType(entry.mediaType)) return manifestContent(blobs, entry);
  if (!isIndexType(entry.mediaType) || !blobs.has(entry.digest)) return { blobs: [entry.digest], diffIds: [] };
  const parsed = blobs.document(entry.digest, (bytes) => parseManifest(bytes, entry.mediaType));
  const parts = parsed.kind === 'index' ? parsed.index.manifests : [];
  const present = parts.filter((part) => part.digest !== entry.digest && blobs.has(part.digest));
  const contents = present.map((part) => contentOf(blobs, part));
  return {
    blobs: [entry.digest, ...contents.flatMap((content) => content.blobs)],
    diffIds: contents.flatMap((content) => content.diffIds),
  };
}

function manifestContent(blobs: BlobStore, { digest, mediaType }: Descriptor): Content {
  const parsed = blobs.document(digest, (bytes) => parseManifest(bytes, mediaType));
  if (parsed.kind === 'index') return { blobs: [digest], diffIds: [] };
  const { config, layers } = parsed.manifest;
  const diffIds = isConfigType(config.mediaType) ? blobs.document(config.digest, parseImageConfig).rootfs.diff_ids : [];
  return { blobs: [digest, config.digest, ...layers.map((layer) => layer.digest)], diffIds };
}
