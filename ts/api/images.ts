import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Engine as Core } from '../engine.ts';
import type { ArchiveFormat } from '../image/archive/save.ts';
import type { PullEvent } from '../image/events.ts';
import type { ImageInspect } from '../image/inspect.ts';
import type { PushEvent } from '../image/pushEvents.ts';
import type { RemovedImage } from '../image/remove.ts';
import { parsePlatform } from '../oci/platform.ts';
import { parseReference, parseTaggedReference } from '../oci/reference.ts';
import type { Platform } from '../oci/types.ts';
import { Files } from './files.ts';
import { type Following, following } from './following.ts';
import { type Image, imageOf } from './image.ts';
import type { ImportSettings, Pulled } from './operations/images.ts';
import type { Bytes } from './operations/io.ts';
import { perform } from './operations/perform.ts';
import { written } from './written.ts';

/** What can be said of a pull, or of loading an archive. */
export interface PullSettings {
  /** Variant of a multi-platform image, `linux/arm64`; this machine's by default. */
  platform?: string | Platform | undefined;
  signal?: AbortSignal | undefined;
}

/** What a registry has now. */
export interface Pushed {
  /** Of the manifest: what others can pull it by. */
  digest: string;
  /** Bytes of the manifest. */
  size: number;
}

/** The images of an engine. */
export class Images {
  readonly #core: Core;

  constructor(core: Core) {
    this.#core = core;
  }

  /**
   * Fetches an image from a registry. What is there already is not fetched again. Awaited it is what came; iterated, how it goes.
   * @param reference `ubuntu`, `registry.example/team/app:1.2`, `ubuntu@sha256:…`
   */
  pull(reference: string, { platform, signal }: PullSettings = {}): Following<PullEvent, Pulled> {
    return following((tell) => {
      const args = { reference, platform: platformOf(platform) };
      return perform(this.#core, 'pull', args, { signal, onEvent: (event) => tell(event as PullEvent) });
    });
  }

  /** Sends an image to the registry that its name is of. What the registry has is not sent again. */
  push(reference: string, { signal }: { signal?: AbortSignal } = {}): Following<PushEvent, Pushed> {
    return following(async (tell) => {
      const { pushImage } = await import('../image/push.ts');
      return await pushImage(this.#core, parseReference(reference), { signal, onEvent: tell });
    });
  }

  /** All of them, in the order in which they came. */
  async list(): Promise<Image[]> {
    return this.#core.images.list().map(imageOf);
  }

  /** By name, ID, or prefix of an ID. @throws RcxError with ERR_RCX_IMAGE_NOT_FOUND */
  async get(text: string): Promise<Image> {
    return imageOf(this.#core.images.find(text));
  }

  /** As `docker image inspect` has it. */
  async inspect(text: string): Promise<ImageInspect> {
    const { inspectImage } = await import('../image/inspect.ts');
    return inspectImage(this.#core, this.#core.images.find(text));
  }

  /** Its files, to be read. @param text name, ID, or prefix of an ID */
  files(text: string): Files {
    return new Files(async () => this.#core, { image: text });
  }

  /** Gives an image one more name. */
  async tag(text: string, reference: string): Promise<void> {
    const { tagImage } = await import('../image/tag.ts');
    await tagImage(this.#core, text, parseTaggedReference(reference));
  }

  /** Removes a name of an image, and with its last one the image and what nothing else uses of it. */
  async remove(text: string, options: { force?: boolean; signal?: AbortSignal } = {}): Promise<RemovedImage> {
    const { removeImage } = await import('../image/remove.ts');
    return await removeImage(this.#core, text, options);
  }

  /** One tar archive of images, which docker, podman and skopeo read. */
  save(names: readonly string[], options: { format?: ArchiveFormat; signal?: AbortSignal } = {}): Readable {
    return written(async (archive) => {
      const { saveImages } = await import('../image/archive/save.ts');
      await pipeline(saveImages(this.#core, names, options), archive);
    });
  }

  /** Loads the images of an archive that docker, podman, skopeo or {@link Images.save} has written. */
  load(archive: Bytes, { platform, signal }: PullSettings = {}): Following<PullEvent, Image[]> {
    return following((tell) => {
      const onEvent = (event: unknown) => tell(event as PullEvent);
      return perform(this.#core, 'load', { platform: platformOf(platform) }, { signal, onEvent, input: archive });
    });
  }

  /** Makes a one-layer image of a root file system's tar archive. */
  async import(archive: Bytes, { signal, ...settings }: ImportSettings = {}): Promise<Image> {
    return await perform(this.#core, 'importArchive', settings, { signal, input: archive });
  }

  /**
   * Makes an image of programs of this machine and what they need, without a registry.
   * @param programs by name or path; the usual ones when empty
   */
  async fromHost(reference: string, programs: readonly string[] = []): Promise<Image> {
    return await perform(this.#core, 'fromHost', { reference, programs });
  }
}

function platformOf(platform: string | Platform | undefined): Platform | undefined {
  return typeof platform === 'string' ? parsePlatform(platform) : platform;
}
