import type { Engine } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import { namedImageEvent } from '../events/append.ts';
import type { PullEvent } from '../image/events.ts';
import { isFor } from '../oci/platform.ts';
import { familiarReference, parseReference } from '../oci/reference.ts';
import type { Platform } from '../oci/types.ts';
import type { StoredImage } from '../store/images.ts';
import type { ContainerRoot } from './newRecord.ts';

/** When an image is pulled before a run. */
export type PullPolicy = 'missing' | 'always' | 'never';

export interface ResolveOptions {
  policy?: PullPolicy | undefined;
  platform?: Platform | undefined;
  signal?: AbortSignal | undefined;
  onEvent?: ((event: PullEvent) => void) | undefined;
  /** Called before a pull that the user did not ask for by name. */
  onMissing?: ((reference: string) => void) | undefined;
}

/**
 * Finds an image in the store, or pulls it as the policy says.
 * @throws ERR_RCX_IMAGE_NOT_FOUND with policy `never`, and whatever a pull throws
 */
export async function resolveForRun(
  engine: Engine,
  text: string,
  options: ResolveOptions = {},
): Promise<ContainerRoot> {
  const { policy = 'missing' } = options;
  if (policy !== 'always') {
    const image = stored(engine, text, options.platform, policy);
    if (image !== undefined) return { image, reference: text };
  }
  await engine.enter();
  const reference = parseReference(text);
  options.onMissing?.(familiarReference(reference));
  const { pull } = await import('../image/pull.ts');
  const registry = await engine.registry();
  const { platform, signal, onEvent } = options;
  const image = await pull({ paths: engine.paths, registry }, reference, { platform, signal, onEvent });
  namedImageEvent(engine.paths, reference, 'pull');
  return { image, reference: text };
}

function stored(engine: Engine, text: string, platform: Platform | undefined, policy: PullPolicy) {
  let image: StoredImage;
  try {
    image = engine.images.find(text);
  } catch (error) {
    if (policy === 'missing' && isRcxError(error, 'ERR_RCX_IMAGE_NOT_FOUND')) return undefined;
    throw error;
  }
  // The machine may have gone down before they were on the disk.
  if (policy === 'missing' && !image.diffIds.every((diffId) => engine.layers.has(diffId))) return undefined;
  return platform === undefined || policy === 'never' || isFor(image.config, platform) ? image : undefined;
}
