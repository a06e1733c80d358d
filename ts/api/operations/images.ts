import { commitContainer } from '../../container/commit.ts';
import { loadImages } from '../../image/archive/load.ts';
import { imageFromHost } from '../../image/fromHost/build.ts';
import { importImage } from '../../image/import.ts';
import { pullImage } from '../../image/pullImage.ts';
import { parseReference, parseTaggedReference } from '../../oci/reference.ts';
import type { Platform } from '../../oci/types.ts';
import { type Image, imageOf } from '../image.ts';
import type { Operation } from './io.ts';

/** What a pull brought. */
export interface Pulled {
  image: Image;
  /** Digest that the reference led to: of the index, where the image was chosen from one. */
  digest: string;
  /** The name means another image than before. */
  changed: boolean;
}

export const pull: Operation<{ reference: string; platform: Platform | undefined }, Pulled> = async (
  core,
  { reference, platform },
  { signal, onEvent },
) => {
  const { image, digest, changed } = await pullImage(core, parseReference(reference), { platform, signal, onEvent });
  return { image: imageOf(image), digest, changed };
};

/** How an image is made of a container. */
export interface CommitSettings {
  /** Name of the image; without one it has only its ID. */
  reference?: string | undefined;
  author?: string | undefined;
  message?: string | undefined;
  /** Instructions as in a Dockerfile, `ENV A=b`, `CMD ["sh"]`. */
  changes?: readonly string[] | undefined;
  /** Have its processes stand still meanwhile; true by default. */
  pause?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

export const commit: Operation<{ id: string; settings: Omit<CommitSettings, 'signal'> }, Image> = async (
  core,
  { id, settings },
  { signal },
) => {
  const { reference, ...options } = settings;
  const name = reference === undefined ? undefined : parseTaggedReference(reference);
  return imageOf(await commitContainer(core, id, { ...options, reference: name, signal }));
};

/** How an image is made of a root file system's archive. */
export interface ImportSettings extends Omit<CommitSettings, 'author' | 'pause'> {
  platform?: Platform | undefined;
}

export const importArchive: Operation<Omit<ImportSettings, 'signal'>, Image> = async (
  core,
  { reference, ...options },
  { signal, input },
) => {
  const name = reference === undefined ? undefined : parseTaggedReference(reference);
  return imageOf(await importImage(core, input, { ...options, reference: name, signal }));
};

export const load: Operation<{ platform: Platform | undefined }, Image[]> = async (
  core,
  { platform },
  { signal, onEvent, input },
) => {
  const ids: string[] = [];
  for await (const { image } of loadImages(core, input, { platform, signal, onEvent })) ids.push(image.id);
  // By then each has the names that the archive gives it.
  return ids.map((id) => imageOf(core.images.find(id)));
};

export const fromHost: Operation<{ reference: string; programs: readonly string[] }, Image> = async (
  core,
  { reference, programs },
  { onEvent },
) => imageOf(await imageFromHost({ paths: core.paths }, { tag: reference, programs: [...programs], onEvent }));
