import type { Engine } from '../engine.ts';
import type { Digest } from '../oci/digest.ts';

/** A layer of an image as the store has it. */
export interface ImageLayer {
  /** Digest of the layer's archive. */
  diffId: Digest;
  /** Bytes of file content. */
  size: number;
  /** Directory with the layer's tree. */
  path: string;
}

/**
 * The layers of an image, topmost first.
 * @param text name or ID
 * @throws ERR_RCX_IMAGE_NOT_FOUND, ERR_RCX_LAYER_NOT_FOUND
 */
export function imageLayers({ images, layers }: Pick<Engine, 'images' | 'layers'>, text: string): ImageLayer[] {
  const { diffIds } = images.find(text);
  return diffIds.map((diffId) => ({ diffId, size: layers.info(diffId).size, path: layers.path(diffId) })).reverse();
}
