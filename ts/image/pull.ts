import { ContainerStore } from '../container/store.ts';
import { isRcxError, RcxError } from '../errors.ts';
import { DEFAULT_LIMITS, type LayerLimits } from '../layer/limits.ts';
import { LayerPool } from '../layer/pool.ts';
import { sinkOptions } from '../layer/privilege.ts';
import type { Digest } from '../oci/digest.ts';
import { canonicalReference, type Reference } from '../oci/reference.ts';
import type { Descriptor, Platform } from '../oci/types.ts';
import { BlobStore } from '../store/blobs.ts';
import type { Content } from '../store/content.ts';
import { ImageStore, type StoredImage } from '../store/images.ts';
import { LayerStore } from '../store/layers.ts';
import { withContentLock } from '../store/lock.ts';
import type { StorePaths } from '../store/paths.ts';
import { collectWreckage } from '../store/temporary.ts';
import type { PullEvent } from './events.ts';
import { giveBack } from './giveBack.ts';
import { type LayerContext, pullLayer } from './pullLayer.ts';
import { type ImageRequest, type ResolvedImage, resolveImage } from './resolve.ts';
import type { ImageSource } from './source.ts';
import { turns } from './turns.ts';
import { upToDate } from './upToDate.ts';

export interface PullContext {
  paths: StorePaths;
  /** The store's images, where the caller has read them already. */
  images?: ImageStore;
  /** A registry, usually. */
  registry: ImageSource;
}

export interface PullOptions {
  /** Which variant of a multi-platform image; this machine's by default. */
  platform?: Platform | undefined;
  signal?: AbortSignal | undefined;
  onEvent?: ((event: PullEvent) => void) | undefined;
  /** What a single layer may cost at most. */
  limits?: Partial<LayerLimits> | undefined;
}

interface FetchOptions extends PullOptions {
  /** Is told what is going to be put into the store. */
  brought?: Content;
}

/** Registries limit connections of one client; this many also fill any line. */
const DOWNLOADS = 6;

/**
 * Brings an image into the store and gives it its name. What is there already is not fetched again, and an interrupted
 * pull leaves whole blobs and layers for the next one and nothing else.
 *
 * The image can be used at once; that it is on the disk is seen to afterwards, see {@link LayerStore.has}.
 * @throws ERR_RCX_ABORTED after the signal; whatever the registry, the layers and the disk refuse
 */
export async function pull(
  context: PullContext,
  reference: Reference,
  options: PullOptions = {},
): Promise<StoredImage> {
  const signal = options.signal ?? new AbortController().signal;
  const brought: Content = { blobs: [], diffIds: [] };
  try {
    const current = await upToDate(context, reference, options, signal);
    if (current !== undefined) return current;
    const pullNow = () => pullLocked(context, reference, options, signal, brought);
    return await withContentLock(context.paths, pullNow, { shared: true, signal });
  } catch (error) {
    // What the next pull could use is of no use on a full disk.
    if (isRcxError(error) && isFullDisk(error))
      await giveBack({ paths: context.paths, containers: new ContainerStore(context.paths) }, brought);
    if (signal.aborted) throw aborted(reference, signal.reason);
    throw error;
  }
}

function isFullDisk({ errno }: RcxError): boolean {
  return errno === 'ENOSPC' || errno === 'EDQUOT';
}

async function pullLocked(
  context: PullContext,
  reference: Reference,
  options: PullOptions,
  signal: AbortSignal,
  brought: Content,
): Promise<StoredImage> {
  const request = { reference, subject: `pull ${canonicalReference(reference)}` };
  const { descriptor, sourceDigest } = await fetchImage(context, request, { ...options, brought }, signal);
  const served = context.registry.isLocal ? {} : { sourceDigest };
  const stored = await new ImageStore(context.paths).put(reference, descriptor, served);
  new LayerStore(context.paths).flushLater(stored.diffIds);
  return stored;
}

/**
 * Brings manifest, config and layers of an image into the store, where nothing names them yet. To be called by whoever holds
 * the content lock.
 * @throws whatever the source, the layers and the disk refuse, and the signal's reason
 */
export async function fetchImage(
  { paths, registry }: PullContext,
  request: ImageRequest,
  options: FetchOptions,
  signal: AbortSignal,
): Promise<ResolvedImage> {
  await Promise.all([collectWreckage(paths.layers), collectWreckage(paths.images)]);
  const [blobs, layers] = [new BlobStore(paths), new LayerStore(paths)];
  const image = await resolveImage({ source: registry, blobs, signal, ...request }, options.platform);
  const onEvent = options.onEvent ?? (() => undefined);
  options.brought?.blobs.push(...blobsOf(image).filter((digest) => !blobs.has(digest)));
  options.brought?.diffIds.push(...image.config.rootfs.diff_ids.filter((diffId) => !layers.has(diffId)));
  onEvent(manifestEvent(image));
  const pool = new LayerPool();
  const limits = { ...DEFAULT_LIMITS, ...options.limits };
  const { reference } = request;
  const shared = { blobs, layers, pool, source: registry, reference, sink: sinkOptions(), limits, onEvent };
  try {
    await pullLayers({ ...shared, signal, takeTurn: turns(DOWNLOADS) }, image);
  } finally {
    await pool.close();
  }
  await blobs.put(image.manifest.config.digest, image.configBytes);
  await blobs.put(image.descriptor.digest, image.manifestBytes);
  signal.throwIfAborted();
  return image;
}

/** All at once, the largest first: it is what the pull takes. The first failure stops the others. */
async function pullLayers(context: LayerContext, { manifest, config }: ResolvedImage): Promise<void> {
  const failure = new AbortController();
  const signal = AbortSignal.any([context.signal, failure.signal]);
  const tasks = manifest.layers
    .map((blob, index): [Descriptor, Digest] => [blob, config.rootfs.diff_ids[index] as Digest])
    .sort(([a], [b]) => b.size - a.size)
    .map(([blob, diffId]) => pullLayer({ ...context, signal }, blob, diffId));
  await Promise.allSettled(tasks.map((task) => task.catch((error: unknown) => failure.abort(error))));
  signal.throwIfAborted();
}

function blobsOf({ descriptor, manifest: { config, layers } }: ResolvedImage): Digest[] {
  return [descriptor, config, ...layers].map(({ digest }) => digest);
}

function manifestEvent({ descriptor, sourceDigest, manifest }: ResolvedImage): PullEvent {
  const layers = manifest.layers.map(({ digest, size }) => ({ digest, size }));
  return { type: 'manifest', digest: descriptor.digest, source: sourceDigest, layers };
}

function aborted(reference: Reference, reason: unknown): RcxError {
  return new RcxError(`pull ${canonicalReference(reference)}: cancelled`, {
    code: 'ERR_RCX_ABORTED',
    step: 'pull',
    path: canonicalReference(reference),
    hint: 'run it again: what was complete is kept.',
    cause: reason,
  });
}
