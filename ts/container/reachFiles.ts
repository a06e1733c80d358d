import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import { isOutside } from '../rootless/caller.ts';
import { isOwn } from './initLayer.ts';
import type { ContainerOptions } from './options.ts';
import type { PullPolicy } from './resolveForRun.ts';

/** What a container is to be made from. */
export interface Wanted {
  image: string;
  /** `image` is a directory. */
  rootfs: boolean;
  pull: PullPolicy;
}

/**
 * Has this process reach the files that making a container takes, before anything is made. Most containers of an ordinary user take
 * none of subordinate ids: their image is there, its top belongs to its root, and they have no volume to be filled.
 * @throws as {@link Engine.enter}
 */
export async function reachFiles(engine: Engine, wanted: Wanted, options: ContainerOptions): Promise<void> {
  if (isOutside() && !(await isWithinReach(engine, wanted, options))) await engine.enter();
}

/** Whether an ordinary user's process can make a container without being root of his namespace, which is made if there is none. */
export async function isWithinReach(engine: Engine, wanted: Wanted, options: ContainerOptions): Promise<boolean> {
  // A user who cannot have one has nothing half-made.
  await engine.session();
  return !hasVolumes(options) && (wanted.rootfs || isImageWithinReach(engine, wanted));
}

function hasVolumes({ mounts = [], volumesFrom = [] }: ContainerOptions): boolean {
  return volumesFrom.length > 0 || mounts.some(({ type }) => type === 'volume' || type === 'image');
}

function isImageWithinReach(engine: Engine, { image: text, pull }: Wanted): boolean {
  if (pull === 'always') return false;
  try {
    const image = engine.images.find(text);
    const { Volumes = {} } = image.config.config ?? {};
    if (Object.keys(Volumes).length > 0 || !image.diffIds.every((diffId) => engine.layers.has(diffId))) return false;
    return isOwn(engine.rootOf(engine.layersOf(image)));
  } catch (error) {
    // What is wrong with it otherwise is for whoever makes the container to say.
    return !isRcxError(error, 'ERR_RCX_IMAGE_NOT_FOUND') && !isRcxError(error, 'ERR_RCX_LAYER_READ');
  }
}
