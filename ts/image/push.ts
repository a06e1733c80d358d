import type { Engine } from '../engine.ts';
import { isRcxError, RcxError } from '../errors.ts';
import { namedImageEvent } from '../events/append.ts';
import type { Digest } from '../oci/digest.ts';
import { canonicalReference, familiarName, parseReference, type Reference } from '../oci/reference.ts';
import type { Descriptor } from '../oci/types.ts';
import type { Pusher } from '../registry/pusher.ts';
import type { Uploaded } from '../registry/upload.ts';
import { BlobStore } from '../store/blobs.ts';
import type { Content } from '../store/content.ts';
import type { StoredImage } from '../store/images.ts';
import { withContentLock } from '../store/lock.ts';
import { readManifest } from '../store/storedImage.ts';
import { compressLayers } from './compressLayers.ts';
import { giveBack } from './giveBack.ts';
import type { PushEvent } from './pushEvents.ts';
import { turns } from './turns.ts';

export interface PushOptions {
  signal?: AbortSignal | undefined;
  onEvent?: ((event: PushEvent) => void) | undefined;
}

/** What the registry has now. */
export interface PushedImage {
  /** Of the manifest: what others can pull it by. */
  digest: Digest;
  /** Bytes of the manifest. */
  size: number;
}

/** As Docker: more would share the same line. */
const UPLOADS = 5;

/**
 * Sends an image of the store to the registry that its name is of. What the registry has is not sent again; what it has in
 * another repository that the image's layers are known to be in is taken from there.
 * @throws ERR_RCX_IMAGE_NOT_FOUND when no image has that name, ERR_RCX_INVALID_REFERENCE for one with a digest,
 * ERR_RCX_UNAUTHORIZED, ERR_RCX_FORBIDDEN, ERR_RCX_RATE_LIMITED, ERR_RCX_REGISTRY_UNAVAILABLE, ERR_RCX_REGISTRY_ERROR, ERR_RCX_DIGEST_MISMATCH,
 * ERR_RCX_BLOB_NOT_FOUND, ERR_RCX_ABORTED
 */
export async function pushImage(engine: Engine, reference: Reference, options: PushOptions = {}): Promise<PushedImage> {
  // By its digest an image is in the registry that it came from.
  if (reference.digest !== undefined) throw hasDigest(reference);
  const signal = options.signal ?? new AbortController().signal;
  const unused: Content = { blobs: [], diffIds: [] };
  const push = () => pushLocked(engine, reference, { signal, unused, onEvent: options.onEvent ?? (() => undefined) });
  try {
    // Nobody may remove what is being sent.
    return await withContentLock(engine.paths, push, { shared: true, signal });
  } catch (error) {
    if (signal.aborted) throw aborted(reference, signal.reason);
    throw error;
  } finally {
    await giveBack(engine, unused);
  }
}

interface PushContext {
  signal: AbortSignal;
  /** Is told what no image consists of. */
  unused: Content;
  onEvent(event: PushEvent): void;
}

async function pushLocked(
  engine: Engine,
  reference: Reference,
  { signal, unused, onEvent }: PushContext,
): Promise<PushedImage> {
  const found = find(engine, reference);
  for (const diffId of found.diffIds) onEvent({ diffId, status: 'preparing' });
  const image = await compressLayers(engine, found, {
    ...{ signal, unused },
    onLayer: (diffId) => onEvent({ diffId, status: 'compressing' }),
  });
  const failure = new AbortController();
  const either = AbortSignal.any([signal, failure.signal]);
  const pusher = (await engine.registry()).pusher(reference, either);
  const blobs = new BlobStore(engine.paths);
  const { layers, config } = readManifest(blobs, image.manifest);
  const task = new LayerPush({ engine, blobs, pusher, reference, onEvent });
  const takeTurn = turns(UPLOADS);
  const tasks = [
    // The same blob twice in an image is sent once.
    ...[...groups(layers, image.diffIds)].map(([, [layer, diffIds]]) => takeTurn(() => task.push(layer, diffIds))),
    takeTurn(() => sendConfig({ blobs, pusher }, config)),
  ];
  await Promise.allSettled(tasks.map((each) => each.catch((error: unknown) => failure.abort(error))));
  either.throwIfAborted();
  const { digest, mediaType, size } = image.manifest;
  await pusher.putManifest(reference.tag ?? digest, mediaType, blobs.read(digest));
  await engine.images.setSource(reference, digest, digest);
  namedImageEvent(engine.paths, reference, 'push');
  return { digest, size };
}

/** Layers by digest, with the diff IDs of all of them. */
function groups(layers: readonly Descriptor[], diffIds: readonly Digest[]): Map<Digest, [Descriptor, Digest[]]> {
  const found = new Map<Digest, [Descriptor, Digest[]]>();
  layers.forEach((layer, index) => {
    const [, known = []] = found.get(layer.digest) ?? [];
    found.set(layer.digest, [layer, [...known, diffIds[index] as Digest]]);
  });
  return found;
}

interface LayerPushContext {
  engine: Engine;
  blobs: BlobStore;
  pusher: Pusher;
  reference: Reference;
  onEvent(event: PushEvent): void;
}

class LayerPush {
  readonly #context: LayerPushContext;

  constructor(context: LayerPushContext) {
    this.#context = context;
  }

  async push(layer: Descriptor, diffIds: readonly Digest[]): Promise<void> {
    const { pusher, blobs } = this.#context;
    const say = (event: Omit<PushEvent, 'diffId'>) => {
      for (const diffId of diffIds) this.#context.onEvent({ diffId, ...event });
    };
    // It lies elsewhere and may not be given away (image-spec, "Non-Distributable Layers").
    if (layer.urls !== undefined && layer.urls.length > 0) return say({ status: 'skipped' });
    if (await pusher.hasBlob(layer.digest)) return say({ status: 'exists' });
    const from = otherRepository(this.#context, layer.digest);
    const total = layer.size;
    const onProgress = (current: number) => say({ status: 'pushing', current, total });
    const done = await sendBlob({ blobs, pusher }, layer, { onProgress, mountFrom: from });
    say(done === 'mounted' && from !== undefined ? { status: 'mounted', from } : { status: 'pushed' });
  }
}

/** A repository of the same registry that an image with this blob was pulled from or pushed to. */
function otherRepository({ engine, blobs, reference }: LayerPushContext, digest: Digest): string | undefined {
  for (const image of engine.images.list()) {
    const names = image.repoDigests.map((name) => parseReference(name));
    const other = names.find(
      (name) => name.registry === reference.registry && name.repository !== reference.repository,
    );
    if (other === undefined) continue;
    if (readManifest(blobs, image.manifest).layers.some((layer) => layer.digest === digest)) return other.repository;
  }
  return undefined;
}

async function sendBlob(
  { blobs, pusher }: Pick<LayerPushContext, 'blobs' | 'pusher'>,
  descriptor: Descriptor,
  options: { onProgress?: (bytes: number) => void; mountFrom?: string | undefined } = {},
): Promise<Uploaded> {
  const read = (start: number, end: number) => blobs.stream(descriptor.digest, start, end);
  return await pusher.upload(descriptor, { read, onProgress: options.onProgress, mountFrom: options.mountFrom });
}

async function sendConfig(context: Pick<LayerPushContext, 'blobs' | 'pusher'>, config: Descriptor): Promise<void> {
  if (!(await context.pusher.hasBlob(config.digest))) await sendBlob(context, config);
}

function find({ images }: Engine, reference: Reference): StoredImage {
  const name = canonicalReference(reference);
  try {
    return images.find(name);
  } catch (cause) {
    if (!isRcxError(cause, 'ERR_RCX_IMAGE_NOT_FOUND')) throw cause;
    throw new RcxError(`push ${name}: no image of the store has that name`, {
      code: 'ERR_RCX_IMAGE_NOT_FOUND',
      step: 'push',
      path: name,
      hint: `give it to one with: rcx tag IMAGE ${name}`,
      cause,
    });
  }
}

function hasDigest(reference: Reference): RcxError {
  const name = canonicalReference(reference);
  return new RcxError(`push ${name}: an image is pushed by a tag, not by a digest`, {
    code: 'ERR_RCX_INVALID_REFERENCE',
    step: 'push',
    path: name,
    hint: `give it a tag with: rcx tag ${name} ${familiarName(reference)}:TAG`,
  });
}

function aborted(reference: Reference, reason: unknown): RcxError {
  const name = canonicalReference(reference);
  return new RcxError(`push ${name}: cancelled`, {
    code: 'ERR_RCX_ABORTED',
    step: 'push',
    path: name,
    hint: 'run it again: what the registry has is not sent again.',
    cause: reason,
  });
}
