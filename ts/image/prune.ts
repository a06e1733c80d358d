import type { Engine } from '../engine.ts';
import { familiarReference, parseReference } from '../oci/reference.ts';
import { BlobStore } from '../store/blobs.ts';
import { type Content, contentOf } from '../store/content.ts';
import { removeContent, removeUnusedLocks, sweep, sweepWreckage, type Unreadable } from '../store/gc.ts';
import type { StoredImage } from '../store/images.ts';
import { withContentLock } from '../store/lock.ts';
import { isUnfiltered, type PruneFilters, passes } from '../system/pruneFilters.ts';
import { findInUse, imagesOfContainers } from './inUse.ts';
import type { RemovedImage } from './remove.ts';
import { removedEvents } from './remove.ts';

export interface PruneImagesOptions {
  /** Those that have a name, too. */
  all?: boolean | undefined;
  filters?: PruneFilters | undefined;
  signal?: AbortSignal | undefined;
  /** Called once if a pull or the making of a container has to be waited for. */
  onWait?: (() => void) | undefined;
}

/** What a prune of images removed. */
export interface PrunedImages {
  images: RemovedImage[];
  /** Bytes that the disk got back. */
  reclaimed: number;
  /** Records that cannot be read, because of which nothing was deleted that they may need. */
  kept: readonly Unreadable[];
}

const EVERYTHING: PruneFilters = { labels: [], withoutLabels: [] };

/**
 * Removes images that no container uses, and what killed commands left: half-made things in any case, and without filters all
 * blobs and layers that nothing refers to.
 * @throws ERR_RCX_STORE_DAMAGED, ERR_RCX_REMOVE, and the signal's reason
 */
export async function pruneImages(engine: Engine, options: PruneImagesOptions = {}): Promise<PrunedImages> {
  await engine.enter();
  const { signal, onWait } = options;
  // Alone: nobody may be relying on content that nothing refers to yet.
  const prune = () => pruneLocked(engine, options);
  return await withContentLock(engine.paths, prune, { signal, ...(onWait && { onWait }) });
}

async function pruneLocked(
  engine: Engine,
  { all = false, filters = EVERYTHING }: PruneImagesOptions,
): Promise<PrunedImages> {
  const { images, paths } = engine;
  const blobs = new BlobStore(paths);
  // First what makes room without a change of the index, which on a full disk could not be written.
  const unused = isUnfiltered(filters) ? (await sweep(paths, findInUse(engine))).reclaimed : await sweepWreckage(paths);
  const used = imagesOfContainers(engine);
  const wanted = images.list().filter((image) => !used.has(image.id) && isWanted(image, all, filters));
  const contents = wanted.map((image): [StoredImage, Content] => [image, contentOf(blobs, image.manifest)]);
  if (wanted.length > 0) await images.drop(wanted.map(({ manifest }) => manifest.digest));
  const inUse = findInUse(engine);
  const pruned: PrunedImages = { images: [], reclaimed: unused, kept: inUse.unreadable };
  for (const [image, content] of contents) {
    const { diffIds, reclaimed } = await removeContent(paths, content, inUse);
    const removed = { untagged: namesOf(image), deleted: [image.id, ...diffIds.reverse()] };
    pruned.images.push(removed);
    removedEvents(engine, removed);
    pruned.reclaimed += reclaimed;
  }
  removeUnusedLocks(paths);
  return pruned;
}

/** Docker's dangling images are those without a tag: one that was pulled by digest is among them. */
function isWanted(image: StoredImage, all: boolean, filters: PruneFilters): boolean {
  const hasTag = image.references.some((name) => parseReference(name).tag !== undefined);
  if (hasTag && !all) return false;
  return passes(filters, { created: image.config.created, labels: image.config.config?.Labels });
}

function namesOf({ references, repoDigests }: StoredImage): string[] {
  return [...new Set([...references, ...repoDigests])].map((name) => familiarReference(parseReference(name)));
}
