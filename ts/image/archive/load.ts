import type { Engine } from '../../engine.ts';
import { RcxError } from '../../errors.ts';
import { imageEvent } from '../../events/append.ts';
import { readable } from '../../layer/errors.ts';
import { isFor } from '../../oci/platform.ts';
import type { Descriptor, Platform } from '../../oci/types.ts';
import type { StoredImage } from '../../store/images.ts';
import { withContentLock } from '../../store/lock.ts';
import { collectWreckage, temporaryDirectory } from '../../store/temporary.ts';
import type { PullEvent } from '../events.ts';
import { fetchImage } from '../pull.ts';
import { isWhole } from '../upToDate.ts';
import { abortable } from './abortable.ts';
import { cancelled } from './errors.ts';
import { giveNames, type LoadedName } from './loadedNames.ts';
import type { ArchiveImage } from './read/archiveImage.ts';
import { imagesOf } from './read/images.ts';
import { inflated } from './read/inflate.ts';
import { readMembers } from './read/spool.ts';
import { Traces } from './traces.ts';

export interface LoadOptions {
  /** Which variant of an image for several platforms; this machine's by default. */
  platform?: Platform | undefined;
  signal?: AbortSignal | undefined;
  onEvent?: ((event: PullEvent) => void) | undefined;
}

/** An image that is in the store now. */
export interface LoadedImage {
  image: StoredImage;
  /** The names that the archive gives it; none where it has none there. */
  names: LoadedName[];
}

/**
 * Loads the images of an archive: an image layout, or what `docker save` writes, compressed by gzip or zstd or not at all. Each is
 * given as soon as it is in the store.
 *
 * The archive is a stranger's. It is read once into files without names; only when all that its documents name is there, and is
 * what they say, its images are fetched from these as from a registry. A failure leaves the images that were given, and nothing else.
 * @throws ERR_RCX_ARCHIVE_INVALID, ERR_RCX_UNSUPPORTED, ERR_RCX_INVALID_MANIFEST, ERR_RCX_UNSUPPORTED_MEDIA_TYPE,
 *   ERR_RCX_PLATFORM_NOT_FOUND, ERR_RCX_LAYER_INVALID, ERR_RCX_DIGEST_MISMATCH, ERR_RCX_STORE, ERR_RCX_ABORTED after the signal,
 *   and what `source` throws
 */
export async function* loadImages(
  engine: Engine,
  source: AsyncIterable<Uint8Array>,
  options: LoadOptions = {},
): AsyncGenerator<LoadedImage, void, void> {
  await engine.enter();
  const signal = options.signal ?? new AbortController().signal;
  const { images } = engine.paths;
  await collectWreckage(images);
  const spool = temporaryDirectory(images);
  try {
    const members = await readMembers(abortable(inflated(source, spool.path), signal), spool.path);
    for (const image of await imagesOf(members, options.platform)) {
      yield await loadImage(engine, image, options, signal);
    }
  } catch (error) {
    throw signal.aborted ? cancelled('load', signal.reason) : error;
  } finally {
    await spool.dispose();
  }
}

async function loadImage(
  engine: Engine,
  image: ArchiveImage,
  options: LoadOptions,
  signal: AbortSignal,
): Promise<LoadedImage> {
  const traces = new Traces(engine, image);
  const load = async () => {
    const known = sameImage(engine, image, options.platform);
    const manifest = known?.manifest ?? (await fetch(engine, image, options, signal));
    return await giveNames(engine.images, manifest, image.names);
  };
  try {
    const loaded = await withContentLock(engine.paths, load, { shared: true, signal });
    imageEvent(engine.paths, loaded.image.id, 'load');
    return loaded;
  } catch (error) {
    await traces.remove();
    throw naming(image, error);
  }
}

/** The image of that ID, if it is in the store and whole: its layers may well be compressed in another way. */
function sameImage({ images, paths }: Engine, { id }: ArchiveImage, platform?: Platform): StoredImage | undefined {
  return images
    .list()
    .find((each) => each.id === id && (platform === undefined || isFor(each.config, platform)) && isWhole(paths, each));
}

async function fetch(
  { paths, layers }: Engine,
  image: ArchiveImage,
  options: LoadOptions,
  signal: AbortSignal,
): Promise<Descriptor> {
  const context = { paths, registry: image };
  const { descriptor, config } = await fetchImage(context, image.request, options, signal);
  layers.flushLater(config.rootfs.diff_ids);
  return descriptor;
}

/** Of several images in an archive it must be told which one it was, and what the archive calls the layer. */
function naming(image: ArchiveImage, error: unknown): unknown {
  if (!(error instanceof RcxError) || error.message.startsWith('load')) return error;
  const { code, step, path, errno, hint, message } = error;
  const member = image.memberIn(message);
  const where = member === undefined ? '' : `${readable(member)}: `;
  return new RcxError(`${image.request.subject}: ${where}${message}`, { code, step, path, errno, hint, cause: error });
}
