import { findContainer } from '../container/heal.ts';
import { type ContainerInspect, inspectContainer } from '../container/inspect.ts';
import type { Engine } from '../engine.ts';
import { isRcxError, RcxError } from '../errors.ts';
import { type ImageInspect, inspectImage } from '../image/inspect.ts';
import { plain } from '../oci/quote.ts';

/**
 * Describes whatever has the name: a container, else an image.
 * @throws ERR_RCX_NOT_FOUND when there is neither; what else is wrong with the first that is found
 */
export async function inspectAny(
  engine: Engine,
  name: string,
  type?: 'container' | 'image',
): Promise<ContainerInspect | ImageInspect> {
  if (type === 'image') return inspectImage(engine, engine.images.find(name));
  if (type === 'container') return inspectContainer(await findContainer(engine, name));
  try {
    return inspectContainer(await findContainer(engine, name));
  } catch (error) {
    if (!isRcxError(error, 'ERR_RCX_CONTAINER_NOT_FOUND')) throw error;
  }
  try {
    return inspectImage(engine, engine.images.find(name));
  } catch (error) {
    throw isRcxError(error, 'ERR_RCX_IMAGE_NOT_FOUND') ? notFound(name) : error;
  }
}

function notFound(name: string): RcxError {
  return new RcxError(`inspect: no such container or image: ${plain(name)}`, {
    code: 'ERR_RCX_NOT_FOUND',
    step: 'inspect',
    path: plain(name),
    hint: 'list what there is with: rcx ps -a, rcx images',
  });
}
