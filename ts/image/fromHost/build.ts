import { parseTaggedReference } from '../../oci/reference.ts';
import type { StoredImage } from '../../store/images.ts';
import type { StorePaths } from '../../store/paths.ts';
import type { PullEvent } from '../events.ts';
import { pull } from '../pull.ts';
import { type CollectEvent, collectRootfs } from './rootfs.ts';
import { HostImageSource } from './source.ts';

/** The name of the embedded default image. */
export const DEFAULT_HOST_TAG = 'localhost/host';

export interface FromHostContext {
  paths: StorePaths;
}

export interface FromHostOptions {
  /** Name of the image; {@link DEFAULT_HOST_TAG} by default. */
  tag?: string | undefined;
  /** Names or paths of programs; none means a default list of those that a small distribution has. */
  programs?: readonly string[] | undefined;
  signal?: AbortSignal | undefined;
  onEvent?: ((event: FromHostEvent) => void) | undefined;
}

/** The programs found, then the layer's way into the store. */
export type FromHostEvent = CollectEvent | PullEvent;

/**
 * Makes an ordinary one-layer image from programs of this machine and all they need to start: shared libraries, their loader,
 * interpreters of scripts, name services. Neither network nor privilege is needed. The same programs give the same image ID, and
 * then nothing is written.
 * @throws ERR_RCX_PROGRAM_NOT_FOUND, ERR_RCX_LIBRARY_NOT_FOUND, ERR_RCX_INVALID_ELF, ERR_RCX_HOST_FILE,
 * ERR_RCX_INVALID_REFERENCE, and what {@link pull} throws
 */
export async function imageFromHost(context: FromHostContext, options: FromHostOptions = {}): Promise<StoredImage> {
  const reference = parseTaggedReference(options.tag ?? DEFAULT_HOST_TAG);
  const { programs, signal, onEvent } = options;
  const rootfs = collectRootfs({ programs, onEvent });
  const source = new HostImageSource(rootfs, programs);
  return await pull({ paths: context.paths, registry: source }, reference, { signal, onEvent });
}
