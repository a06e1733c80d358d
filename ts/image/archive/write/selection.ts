import { isRcxError, RcxError } from '../../../errors.ts';
import { formatPlatform, isFor } from '../../../oci/platform.ts';
import { plain } from '../../../oci/quote.ts';
import { canonicalReference, hasTagOrDigest, parseReference, type Reference } from '../../../oci/reference.ts';
import type { Platform } from '../../../oci/types.ts';
import type { ImageStore, StoredImage } from '../../../store/images.ts';

/** An image to save, and the names that it is saved with. */
export interface SelectedImage {
  image: StoredImage;
  /** Each with a tag, sorted; none for an image that was asked for by its ID. */
  tags: Reference[];
}

/**
 * The images that names mean, as for docker: a name with a tag is one image, one without all tags of the repository. An ID, or a
 * name with a digest, is an image without a name. Each image is there once, in the order of names and IDs.
 * @throws ERR_RCX_IMAGE_NOT_FOUND, ERR_RCX_IMAGE_AMBIGUOUS, ERR_RCX_PLATFORM_NOT_FOUND
 */
export function selectImages(images: ImageStore, names: readonly string[], platform?: Platform): SelectedImage[] {
  const selected = new Map<string, { image: StoredImage; tags: Map<string, Reference> }>();
  for (const text of names) {
    for (const { image, tag } of meant(images, text)) {
      if (platform !== undefined && !isFor(image.config, platform)) throw otherPlatform(text, image, platform);
      const entry = selected.get(image.manifest.digest) ?? { image, tags: new Map() };
      selected.set(image.manifest.digest, entry);
      if (tag !== undefined) entry.tags.set(canonicalReference(tag), tag);
    }
  }
  const key = ({ image, tags }: SelectedImage) => `${tags[0] && canonicalReference(tags[0])} ${image.manifest.digest}`;
  return [...selected.values()]
    .map(({ image, tags }) => ({ image, tags: [...tags].sort(byName).map(([, tag]) => tag) }))
    .sort((a, b) => byName([key(a)], [key(b)]));
}

interface Meant {
  image: StoredImage;
  tag?: Reference;
}

function meant(images: ImageStore, text: string): Meant[] {
  const reference = referenceIn(text);
  if (reference !== undefined && !hasTagOrDigest(text)) {
    const all = taggedIn(images, reference);
    if (all.length > 0) return all;
  }
  const image = images.find(text);
  if (reference === undefined || reference.digest !== undefined) return [{ image }];
  return image.references.includes(canonicalReference(reference)) ? [{ image, tag: reference }] : [{ image }];
}

function taggedIn(images: ImageStore, { registry, repository }: Reference): Meant[] {
  return images.list().flatMap((image) =>
    image.references
      .map(parseReference)
      .filter((each) => each.registry === registry && each.repository === repository && each.digest === undefined)
      .map((tag) => ({ image, tag })),
  );
}

/** @returns undefined for an ID */
function referenceIn(text: string): Reference | undefined {
  if (text.startsWith('sha256:')) return undefined;
  try {
    return parseReference(text);
  } catch (error) {
    if (isRcxError(error, 'ERR_RCX_INVALID_REFERENCE')) return undefined;
    throw error;
  }
}

function byName([a]: readonly [string, ...unknown[]], [b]: readonly [string, ...unknown[]]): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}

function otherPlatform(text: string, { config }: StoredImage, platform: Platform): RcxError {
  const { os, architecture, variant } = config;
  const has = formatPlatform({ os, architecture, ...(variant !== undefined && { variant }) });
  return new RcxError(`save ${plain(text)}: the image is for ${has}, not for ${formatPlatform(platform)}`, {
    code: 'ERR_RCX_PLATFORM_NOT_FOUND',
    step: 'save',
    path: plain(text),
    hint: 'rcx keeps one platform of an image; get another one with: rcx pull --platform',
  });
}
