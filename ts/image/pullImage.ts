import type { Engine } from '../engine.ts';
import { namedImageEvent } from '../events/append.ts';
import type { Digest } from '../oci/digest.ts';
import type { Reference } from '../oci/reference.ts';
import type { StoredImage } from '../store/images.ts';
import { type PullOptions, pull } from './pull.ts';
import { storedImage } from './upToDate.ts';

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
  await engine.enter();
  const before = storedImage(engine.images, reference);
  let digest: Digest | undefined;
  const image = await pull(
    { paths: engine.paths, images: engine.images, registry: await engine.registry() },
    reference,
    {
      ...options,
      onEvent: (event) => {
        if (event.type === 'manifest') digest = event.source;
        options.onEvent?.(event);
      },
    },
  );
  namedImageEvent(engine.paths, reference, 'pull');
  return { image, digest: digest ?? image.manifest.digest, changed: image.id !== before?.id };
}
