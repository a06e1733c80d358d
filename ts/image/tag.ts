import type { Engine } from '../engine.ts';
import { imageEvent } from '../events/append.ts';
import { familiarReference, type Reference } from '../oci/reference.ts';

/**
 * Gives an image another name; one that had it stays without.
 * @param text name, id, or the start of an id
 * @throws ERR_RCX_IMAGE_NOT_FOUND, ERR_RCX_STORE
 */
export async function tagImage({ images, paths }: Engine, text: string, reference: Reference): Promise<void> {
  const { id } = await images.tag(text, reference);
  imageEvent(paths, id, 'tag', familiarReference(reference));
}
