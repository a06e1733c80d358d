import type { Engine } from '../engine.ts';
import type { Digest } from '../oci/digest.ts';
import type { HistoryEntry } from '../oci/types.ts';

/** One step that an image was made in. */
export interface HistoryStep {
  /** ID of the image, for its last step; others have none of their own. */
  id?: Digest;
  /** RFC 3339; absent when the step does not say. */
  created?: string;
  createdBy: string;
  comment: string;
  /** Bytes of files that the step's layer holds; 0 for a step without. */
  size: number;
}

/**
 * How an image was made, last step first.
 * @param text name or ID
 * @throws ERR_RCX_IMAGE_NOT_FOUND, ERR_RCX_LAYER_NOT_FOUND
 */
export function imageHistory({ images, layers }: Pick<Engine, 'images' | 'layers'>, text: string): HistoryStep[] {
  const image = images.find(text);
  const diffIds = [...image.diffIds];
  // An image need not say how it was made (image-spec, config.md): its layers are steps nevertheless.
  const history: HistoryEntry[] = image.config.history ?? diffIds.map(() => ({}));
  const steps = history.map((entry): HistoryStep => {
    const diffId = entry.empty_layer === true ? undefined : diffIds.shift();
    return {
      ...(entry.created !== undefined && { created: entry.created }),
      createdBy: entry.created_by ?? '',
      comment: entry.comment ?? '',
      size: diffId === undefined ? 0 : layers.info(diffId).size,
    };
  });
  const last = steps.at(-1);
  if (last !== undefined) last.id = image.id;
  return steps.reverse();
}
