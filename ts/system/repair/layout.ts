import { copyFileSync, lstatSync, readFileSync } from 'node:fs';
import { isRcxError } from '../../errors.ts';
import type { Digest } from '../../oci/digest.ts';
import { isConfigType, OCI_INDEX } from '../../oci/mediaTypes.ts';
import { parseImageConfig, parseManifest } from '../../oci/parse.ts';
import type { Descriptor, ImageManifest } from '../../oci/types.ts';
import { BlobStore } from '../../store/blobs.ts';
import type { Problem } from '../../store/check/findings.ts';
import { LayerStore } from '../../store/layers.ts';
import { ImageLayout } from '../../store/layout.ts';
import { listBlobs } from '../../store/listing.ts';
import type { StorePaths } from '../../store/paths.ts';
import { factsOf, toEntry } from '../../store/storedImage.ts';
import type { Tell } from './report.ts';

/** No manifest is longer: what is, is a layer. */
const LONGEST_MANIFEST = 4 * 1024 * 1024;

/** Mends `oci-layout` and `index.json`. */
export async function repairLayout(paths: StorePaths, problems: readonly Problem[], tell: Tell): Promise<void> {
  const layout = new ImageLayout(paths);
  const index = problems.find(({ kind }) => kind === 'index');
  const marker = problems.find(({ kind }) => kind === 'layout');
  if (index !== undefined) {
    // What is left of it may say more to somebody who reads it.
    copyFileSync(index.path, `${index.path}.damaged`);
    const entries = entriesLeft(paths, index.path);
    await layout.replace(entries);
    const nameless = entries.filter((entry) => factsOf(entry).reference === undefined).length;
    const again =
      nameless > 0 ? `; ${nameless} have no name any more: pull them by name, nothing is fetched twice` : '';
    tell('repaired', `image index: ${index.path}: made anew with ${entries.length} images${again}`);
  } else if (marker !== undefined) {
    await layout.replace(layout.entries());
    tell('repaired', `image layout: ${marker.path}: written anew`);
  }
}

/** What can be read of the index, and all images whose documents are in the store, without names. */
function entriesLeft(paths: StorePaths, index: string): Descriptor[] {
  const readable = readableEntries(index);
  const known = new Set(readable.map(({ digest }) => digest));
  const blobs = new BlobStore(paths);
  const found = listBlobs(paths).filter((digest) => !known.has(digest));
  return [...readable, ...found.flatMap((digest) => entryOf(paths, blobs, digest))];
}

function readableEntries(index: string): Descriptor[] {
  let manifests: unknown[];
  try {
    const parsed = JSON.parse(readFileSync(index, 'utf8')) as { manifests?: unknown } | null;
    manifests = Array.isArray(parsed?.manifests) ? parsed.manifests : [];
  } catch {
    return [];
  }
  return manifests.flatMap((manifest) => {
    try {
      const alone = JSON.stringify({ schemaVersion: 2, mediaType: OCI_INDEX, manifests: [manifest] });
      const parsed = parseManifest(Buffer.from(alone), OCI_INDEX);
      return parsed.kind === 'index' ? parsed.index.manifests : [];
    } catch (error) {
      if (isRcxError(error)) return [];
      throw error;
    }
  });
}

/** The entry of an image's manifest; none for any other blob, and for the manifest of an image whose config is gone. */
function entryOf(paths: StorePaths, blobs: BlobStore, digest: Digest): Descriptor[] {
  const size = lstatSync(blobs.path(digest), { throwIfNoEntry: false })?.size ?? 0;
  if (size > LONGEST_MANIFEST) return [];
  const bytes = blobs.readIfWhole({ digest, size });
  // Anything but JSON is sorted out without a parser.
  if (bytes?.[0] !== '{'.charCodeAt(0)) return [];
  try {
    const parsed = parseManifest(bytes);
    if (parsed.kind !== 'manifest' || !isConfigType(parsed.manifest.config.mediaType)) return [];
    const manifest: Descriptor = { mediaType: parsed.manifest.mediaType, digest, size };
    const unpacked = unpackedSize(new LayerStore(paths), blobs, parsed.manifest);
    return [toEntry(manifest, { reference: undefined, sourceDigest: undefined, size: unpacked })];
  } catch (error) {
    if (isRcxError(error)) return [];
    throw error;
  }
}

/** @throws ERR_RCX_BLOB_NOT_FOUND, ERR_RCX_INVALID_MANIFEST without the config */
function unpackedSize(layers: LayerStore, blobs: BlobStore, { config }: ImageManifest): number {
  const { diff_ids: diffIds } = blobs.document(config.digest, parseImageConfig).rootfs;
  const whole = diffIds.filter((diffId) => layers.has(diffId));
  return whole.reduce((sum, diffId) => sum + layers.info(diffId).size, 0);
}
