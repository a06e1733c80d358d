import { join } from 'node:path';
import type { Engine } from '../../engine.ts';
import type { ContainerMount } from '../options.ts';
import type { ResolvedMount, ResolvedMounts } from './resolved.ts';

/** In the container's folder. */
const FOLDER = 'images';

/**
 * An image to be looked at: its layers as an overlay of their own, which nobody can write to.
 * @throws ERR_RCX_IMAGE_NOT_FOUND, ERR_RCX_LAYER_NOT_FOUND
 */
export function imageMount(
  engine: Engine,
  resolved: ResolvedMounts,
  { source = '', target, options, image: wanted }: ContainerMount,
  folder: string,
): ResolvedMount {
  const image = engine.images.find(source);
  const layers = engine.layersOf(image);
  const number = String(resolved.images.length);
  // Where it is mounted for a moment, and a layer of its own, as overlayfs wants two where none can be written to.
  const [at, top] = [join(FOLDER, number), join(FOLDER, `${number}-top`)];
  if (resolved.images.length === 0) resolved.directories.push({ path: FOLDER });
  resolved.directories.push({ path: at }, { path: top, root: engine.rootOf(layers) });
  resolved.images.push({ imageId: image.id, diffIds: image.diffIds });
  return {
    point: { type: 'image', name: source, source, destination: target, mode: '', rw: false, propagation: '' },
    spec: { destination: target, type: 'overlay', source, options },
    extras: {
      image: { lower: [join(folder, top), ...layers], at: join(folder, at) },
      ...(wanted?.subpath !== undefined && { subpath: wanted.subpath }),
    },
  };
}
