import type { Engine } from '../../engine.ts';
import { imageEvent } from '../../events/append.ts';
import type { Platform } from '../../oci/types.ts';
import { BlobStore } from '../../store/blobs.ts';
import { acquireContentLock, type Lock } from '../../store/lock.ts';
import { cancelled } from './errors.ts';
import { dockerMembers } from './write/dockerMembers.ts';
import { layoutMembers } from './write/layoutMembers.ts';
import { savedImage } from './write/savedImage.ts';
import { selectImages } from './write/selection.ts';
import { tarOf } from './write/tarMembers.ts';

/** `oci-archive`: an image layout alone. `docker-archive`: docker's format alone, layers uncompressed. */
export type ArchiveFormat = 'oci-archive' | 'docker-archive';

export interface SaveOptions {
  /** By default what docker writes since version 25: an image layout that has docker's `manifest.json`, too. */
  format?: ArchiveFormat | undefined;
  /** What the images must be for; the store has one platform of each. */
  platform?: Platform | undefined;
  signal?: AbortSignal | undefined;
}

/**
 * One tar archive of images, each blob in it once. The same images give the same bytes. Blobs are verified while they are
 * written: the archive of a damaged store breaks off, with an error.
 * @param names as {@link selectImages} reads them
 * @throws ERR_RCX_IMAGE_NOT_FOUND, ERR_RCX_IMAGE_AMBIGUOUS, ERR_RCX_PLATFORM_NOT_FOUND, ERR_RCX_BLOB_NOT_FOUND,
 *   ERR_RCX_STORE_DAMAGED, ERR_RCX_STORE, ERR_RCX_ABORTED after the signal
 */
export async function* saveImages(
  engine: Engine,
  names: readonly string[],
  { format, platform, signal }: SaveOptions = {},
): AsyncGenerator<Buffer, void, void> {
  let lock: Lock | undefined;
  try {
    // An image that is removed meanwhile would take its blobs along.
    lock = await acquireContentLock(engine.paths, { shared: true, signal });
    const blobs = new BlobStore(engine.paths);
    const images = selectImages(engine.images, names, platform).map((each) => savedImage(blobs, each));
    for (const { config } of images) imageEvent(engine.paths, config.digest, 'save');
    const isDocker = format === 'docker-archive';
    const members = isDocker
      ? await dockerMembers(blobs, images)
      : layoutMembers(blobs, images, { withManifest: format !== 'oci-archive' });
    for await (const piece of tarOf(members)) {
      signal?.throwIfAborted();
      yield piece;
    }
  } catch (error) {
    throw signal?.aborted ? cancelled('save', signal.reason) : error;
  } finally {
    lock?.release();
  }
}
