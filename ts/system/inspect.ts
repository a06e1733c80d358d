import { describeContainer } from '../container/describe.ts';
import type { ContainerInspect } from '../container/inspect.ts';
import type { Engine } from '../engine.ts';
import { isRcxError, RcxError } from '../errors.ts';
import { type ImageInspect, inspectImage } from '../image/inspect.ts';
import { plain } from '../oci/quote.ts';
import { inspectVolume, type VolumeInspect } from '../volume/inspect.ts';

export interface InspectOptions {
  /** Look only for one kind. */
  type?: 'container' | 'image' | 'volume' | undefined;
  /** Count what containers take. */
  size?: boolean | undefined;
}

/**
 * Describes whatever has the name: a container, else an image, else a volume.
 * @throws ERR_RCX_NOT_FOUND when there is neither; what else is wrong with the first that is found
 */
export async function inspectAny(
  engine: Engine,
  name: string,
  { type, size }: InspectOptions = {},
): Promise<ContainerInspect | ImageInspect | VolumeInspect> {
  if (type === 'volume') return inspectVolume(engine, name);
  if (type === 'image') return inspectImage(engine, engine.images.find(name));
  if (type === 'container') return await describeContainer(engine, name, { size });
  try {
    return await describeContainer(engine, name, { size });
  } catch (error) {
    if (!isRcxError(error, 'ERR_RCX_CONTAINER_NOT_FOUND')) throw error;
  }
  try {
    return inspectImage(engine, engine.images.find(name));
  } catch (error) {
    if (!isRcxError(error, 'ERR_RCX_IMAGE_NOT_FOUND')) throw error;
  }
  try {
    return inspectVolume(engine, name);
  } catch (error) {
    throw isRcxError(error, 'ERR_RCX_VOLUME_NOT_FOUND') ? notFound(name) : error;
  }
}

function notFound(name: string): RcxError {
  return new RcxError(`inspect: no such container, image or volume: ${plain(name)}`, {
    code: 'ERR_RCX_NOT_FOUND',
    step: 'inspect',
    path: plain(name),
    hint: 'list what there is with: rcx ps -a, rcx images, rcx volume ls',
  });
}
