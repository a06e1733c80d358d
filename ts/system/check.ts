import { checkContainers } from '../container/check.ts';
import type { Engine } from '../engine.ts';
import { findInUse } from '../image/inUse.ts';
import type { LayerComparer } from '../image/layerComparer.ts';
import type { Digest } from '../oci/digest.ts';
import { checkBlobs } from '../store/check/blobs.ts';
import type { Leftover, Problem } from '../store/check/findings.ts';
import { checkImages, type NeededLayer } from '../store/check/images.ts';
import { checkLayers, type LayerCheckOptions, type LayerNeed } from '../store/check/layers.ts';
import { checkLayout } from '../store/check/layout.ts';
import { findLeftovers, findUnusedContent } from '../store/check/leftovers.ts';
import { withContentLock } from '../store/lock.ts';
import { checkVolumes } from '../volume/check.ts';
import { findStrayCgroups } from './strayCgroups.ts';

export interface CheckOptions {
  /** Compare the trees of all layers with their blobs, file contents included. */
  deep?: boolean | undefined;
  signal?: AbortSignal | undefined;
  /** Called once if a removal or a repair has to be waited for. */
  onWait?: (() => void) | undefined;
}

/** What a check of the store found. */
export interface CheckReport {
  blobs: number;
  layers: number;
  images: number;
  containers: number;
  volumes: number;
  problems: Problem[];
  leftovers: Leftover[];
}

/**
 * Checks that the store is what it promises to be. Nothing is changed, and pulls and containers may go on meanwhile; removals
 * of images wait.
 * @throws ERR_RCX_STORE, ERR_RCX_LAYER_WRITE when a layer cannot be unpacked to be compared, and the signal's reason
 */
export async function checkStore(engine: Engine, options: CheckOptions = {}): Promise<CheckReport> {
  await engine.enter();
  const { signal, onWait } = options;
  const check = () => checkLocked(engine, options);
  return await withContentLock(engine.paths, check, { shared: true, signal, ...(onWait && { onWait }) });
}

async function checkLocked(engine: Engine, options: CheckOptions): Promise<CheckReport> {
  const { paths } = engine;
  const signal = options.signal ?? new AbortController().signal;
  const layout = checkLayout(paths);
  const blobs = await checkBlobs(paths, signal);
  const images = checkImages(paths, layout.entries ?? [], blobs.damaged);
  const containers = checkContainers(engine.containers);
  const volumes = checkVolumes(paths, engine.containers);
  const needs = needsOf(images.layers, containers.layers);
  const layers = await withComparer(engine, signal, (compare) =>
    checkLayers(paths, { needs, damaged: blobs.damaged, deep: options.deep ?? false, compare }),
  );
  const cgroups = findStrayCgroups(engine.containers);
  // Without its index nothing is known of what the content is for.
  const unused = layout.entries === undefined ? [] : await findUnusedContent(paths, findInUse(engine));
  return {
    ...{ blobs: blobs.count, layers: layers.count, images: images.count, containers: containers.count },
    volumes: volumes.count,
    problems: [layout, images, layers, containers, volumes, cgroups].flatMap(({ problems }) => problems),
    leftovers: [
      ...findLeftovers(paths, engine.containers),
      ...layers.leftovers,
      ...volumes.leftovers,
      ...cgroups.leftovers,
      ...unused,
    ],
  };
}

/** Who needs each layer. */
function needsOf(layers: readonly NeededLayer[], containers: ReadonlyMap<Digest, string[]>): Map<Digest, LayerNeed> {
  const needs = new Map<Digest, LayerNeed>();
  const need = (diffId: Digest) => {
    const known = needs.get(diffId) ?? { images: [], containers: [], blobs: [] };
    needs.set(diffId, known);
    return known;
  };
  for (const { diffId, blob, image } of layers) {
    const { images, blobs } = need(diffId);
    if (!images.includes(image)) images.push(image);
    if (!blobs.some(({ digest }) => digest === blob.digest)) blobs.push(blob);
  }
  for (const [diffId, names] of containers) need(diffId).containers.push(...names);
  return needs;
}

/** What compares layers is loaded, and its threads are started, when there is something to compare. */
async function withComparer<T>(
  { paths }: Engine,
  signal: AbortSignal,
  body: (compare: LayerCheckOptions['compare']) => Promise<T>,
): Promise<T> {
  let comparer: LayerComparer | undefined;
  try {
    return await body(async (diffId, blob) => {
      const module = await import('../image/layerComparer.ts');
      comparer ??= new module.LayerComparer(paths, signal);
      return await comparer.compare(diffId, blob);
    });
  } finally {
    await comparer?.close();
  }
}
