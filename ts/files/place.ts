import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { closing } from '../container/copy/closing.ts';
import { withContainerRoot } from '../container/copy/containerRoot.ts';
import { withLayersRoot } from '../container/copy/layersRoot.ts';
import type { Engine } from '../engine.ts';
import { RcxError } from '../errors.ts';
import { type CopyRoot, native } from '../native/index.ts';
import { withContentLock } from '../store/lock.ts';
import { temporaryDirectory } from '../store/temporary.ts';
import { VolumeStore } from '../volume/store.ts';

/** Something that has files: a container, which need not run, an image, or a volume. */
export type Place = { container: string } | { image: string } | { volume: string };

/**
 * Shows the files of a place as a root that no path leads out of, for as long as `body` runs.
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_IMAGE_NOT_FOUND, ERR_RCX_VOLUME_NOT_FOUND, those of a launch, and what `body` throws
 */
export async function withRoot<T>(
  engine: Engine,
  place: Place,
  body: (root: CopyRoot) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  await engine.enter();
  if ('container' in place) return await withContainerRoot(engine, place.container, body, signal);
  if ('volume' in place) {
    const root = native().CopyRoot.at(new VolumeStore(engine.paths).find(place.volume).mountpoint);
    return await closing(root, () => body(root));
  }
  // Nobody may remove its layers meanwhile.
  return await withContentLock(engine.paths, () => withImageRoot(engine, place.image, body), { shared: true, signal });
}

async function withImageRoot<T>(engine: Engine, text: string, body: (root: CopyRoot) => Promise<T>): Promise<T> {
  const layers = engine.layersOf(engine.images.find(text));
  mkdirSync(engine.paths.containers, { recursive: true, mode: 0o710 });
  const temporary = temporaryDirectory(engine.paths.containers);
  try {
    // Of one layer alone overlayfs makes nothing.
    for (const name of ['rootfs', 'top']) mkdirSync(join(temporary.path, name));
    return await withLayersRoot(temporary.path, [join(temporary.path, 'top'), ...layers], body);
  } finally {
    await temporary.dispose();
  }
}

/** @throws ERR_RCX_READ_ONLY for an image, which never changes */
export function requireWritable(place: Place): void {
  if (!('image' in place)) return;
  throw new RcxError(`write files: ${place.image}: images never change`, {
    code: 'ERR_RCX_READ_ONLY',
    step: 'write files',
    path: place.image,
    hint: 'write to a container of it, and commit that',
  });
}

/** For messages. */
export function nameOf(place: Place): string {
  if ('container' in place) return `container ${place.container}`;
  return 'image' in place ? `image ${place.image}` : `volume ${place.volume}`;
}
