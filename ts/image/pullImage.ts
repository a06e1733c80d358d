import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { canonicalReference, type Reference } from '../oci/reference.ts';
import type { StoredImage } from '../store/images.ts';
import { type PullOptions, pull } from './pull.ts';

/** What a pull brought. */
export interface PulledImage {
  image: StoredImage;
  /** Digest that the reference led to: of the index, where the image was chosen from one. */
  digest: Digest;
  /** The name means another image than before. */
  changed: boolean;
}

/** Pulls from the reference's registry. @throws what {@link pull} throws */
export async function pullImage(engine: Engine, reference: Reference, options: PullOptions = {}): Promise<PulledImage> {
  const before = stored(engine, reference);
  let digest: Digest | undefined;
  const image = await pull({ paths: engine.paths, registry: await engine.registry() }, reference, {
    ...options,
    onEvent: (event) => {
      if (event.type === 'manifest') digest = event.source;
      options.onEvent?.(event);
    },
  });
  return { image, digest: digest ?? image.manifest.digest, changed: image.id !== before?.id };
}

/** An image whose record is damaged is no image yet: the pull mends it. */
function stored({ images }: Engine, reference: Reference): StoredImage | undefined {
  try {
    return images.find(canonicalReference(reference));
  } catch (error) {
    if (isRcxError(error)) return undefined;
    throw error;
  }
}
