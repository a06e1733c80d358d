import { existsSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Digest } from '../oci/digest.ts';
import { hexOf } from '../oci/digest.ts';
import { unrenamedFiles } from './atomic.ts';
import { BlobStore } from './blobs.ts';
import type { Content } from './content.ts';
import { measure } from './diskSpace.ts';
import { LayerStore } from './layers.ts';
import { listBlobs, listLayers, names } from './listing.ts';
import { lockPath, tryLock } from './lock.ts';
import type { StorePaths } from './paths.ts';
import { collectWreckage, listWreckage } from './temporary.ts';

/** Something whose needs are not known, as its record cannot be read. */
export interface Unreadable {
  what: 'image' | 'container';
  /** A canonical name, a digest, or a container's id. */
  name: string;
  why: string;
}

/** What must stay. */
export interface InUse {
  blobs: ReadonlySet<Digest>;
  diffIds: ReadonlySet<Digest>;
  /** Anything may be needed by these: as long as there are some, nothing is removed that might be. */
  unreadable: readonly Unreadable[];
}

/** What was removed. */
export interface Removed {
  blobs: Digest[];
  diffIds: Digest[];
  /** Bytes that the disk got back. */
  reclaimed: number;
}

/**
 * Removes what is not in use of a content. To be called by whoever holds the content lock alone. A crash leaves content that
 * nothing refers to, which does no harm: the next pull of the image uses it, and a {@link sweep} removes it.
 * @throws ERR_RCX_REMOVE, ERR_RCX_STORE, ERR_RCX_MEASURE
 */
export async function removeContent(paths: StorePaths, content: Content, used: InUse): Promise<Removed> {
  const [blobs, layers] = [new BlobStore(paths), new LayerStore(paths)];
  const removed: Removed = { blobs: [], diffIds: [], reclaimed: 0 };
  const spared = (what: Unreadable['what']) => used.unreadable.some((each) => each.what === what);
  for (const diffId of new Set(content.diffIds)) {
    if (used.diffIds.has(diffId) || used.unreadable.length > 0) continue;
    const directory = join(paths.layers, hexOf(diffId));
    if (!existsSync(directory)) continue;
    const { freed } = await measure(directory);
    await layers.remove(diffId);
    removed.diffIds.push(diffId);
    removed.reclaimed += freed;
  }
  for (const digest of new Set(content.blobs)) {
    // A container needs trees, not blobs.
    if (used.blobs.has(digest) || spared('image') || !blobs.has(digest)) continue;
    const { freed } = await measure(blobs.path(digest));
    blobs.remove(digest);
    removed.blobs.push(digest);
    removed.reclaimed += freed;
  }
  return removed;
}

/**
 * Removes all that nothing uses: blobs, layers, and what killed processes had half-made. To be called by whoever holds the
 * content lock alone.
 * @throws ERR_RCX_REMOVE, ERR_RCX_STORE, ERR_RCX_MEASURE
 */
export async function sweep(paths: StorePaths, used: InUse): Promise<Removed> {
  const wreckage = await sweepWreckage(paths);
  const removed = await removeContent(paths, { blobs: listBlobs(paths), diffIds: listLayers(paths) }, used);
  return { ...removed, reclaimed: removed.reclaimed + wreckage };
}

/** Removes what processes that no longer live left in the store, and returns the bytes that the disk got back. */
export async function sweepWreckage(paths: StorePaths): Promise<number> {
  let reclaimed = 0;
  const count = async (path: string) => {
    reclaimed += (await measure(path)).freed;
  };
  for (const parent of placesOf(paths)) await collectWreckage(parent, count);
  for (const file of unrenamed(paths)) {
    await count(file);
    rmSync(file, { force: true });
  }
  return reclaimed;
}

/** What {@link sweepWreckage} removes. */
export function listTemporaries(paths: StorePaths): string[] {
  return [...placesOf(paths).flatMap(listWreckage), ...unrenamed(paths)];
}

/** Where something is made under a temporary name. */
function placesOf({ images, layers, containers, volumes }: StorePaths): string[] {
  return [images, layers, containers, volumes, ...names(volumes).map((name) => join(volumes, name))];
}

function unrenamed({ images, containers }: StorePaths): string[] {
  return [images, ...names(containers).map((name) => join(containers, name))].flatMap(unrenamedFiles);
}

const LAYER_LOCK = 'layer-';

/** Removes locks of layers that are gone. Whoever makes a layer holds the content lock, so nobody is about to take one. */
export function removeUnusedLocks(paths: StorePaths): void {
  const present = new Set(listLayers(paths).map(hexOf));
  for (const name of names(join(paths.root, 'locks'))) {
    if (!name.startsWith(LAYER_LOCK) || present.has(name.slice(LAYER_LOCK.length))) continue;
    tryLock(lockPath(paths, name))?.remove();
  }
}
