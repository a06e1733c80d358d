import type { Digest } from '../oci/digest.ts';
import { familiarName, parseReference } from '../oci/reference.ts';
import type { StoredImage } from '../store/images.ts';
import { pathMatch } from '../system/filters/pathMatch.ts';

/** An image under one of its names; an image without a name has one row, without repository and tag. */
export interface ImageRow {
  image: StoredImage;
  /** As Docker shows it: `ubuntu`, `localhost:5000/app`. */
  repository?: string;
  tag?: string;
  /** What the registry serves under the name. */
  digest?: Digest;
}

/** Which of the images are wanted. */
export interface ImageSelection {
  image(image: StoredImage): boolean;
  row(row: ImageRow): boolean;
}

const ALL: ImageSelection = { image: () => true, row: () => true };

/**
 * Images by name, newest first.
 * @param pattern `repository` or `repository:tag`, with `*`, `?` and `[a-z]` as in a shell; everything when left out
 * @param selection what else they must be
 * @throws ERR_RCX_INVALID_REFERENCE, ERR_RCX_INVALID_PATTERN
 */
export function listImages(
  images: readonly StoredImage[],
  pattern?: string,
  selection: ImageSelection = ALL,
): ImageRow[] {
  const matches = pattern === undefined ? () => true : referenceMatcher(pattern);
  return images
    .filter(selection.image)
    .sort((a, b) => time(b) - time(a))
    .flatMap(rowsOf)
    .filter((row) => matches(row) && selection.row(row));
}

function time({ config }: StoredImage): number {
  return Date.parse(config.created ?? '') || 0;
}

function rowsOf(image: StoredImage): ImageRow[] {
  if (image.references.length === 0) return [{ image }];
  return image.references.map((text) => {
    const reference = parseReference(text);
    const { registry, repository, tag } = reference;
    const digest = reference.digest ?? digestOf(image, `${registry}/${repository}`);
    return {
      image,
      repository: familiarName(reference),
      ...(tag !== undefined && { tag }),
      ...(digest !== undefined && { digest }),
    };
  });
}

function digestOf({ repoDigests }: StoredImage, name: string): Digest | undefined {
  const found = repoDigests.find((text) => text.startsWith(`${name}@`));
  return found === undefined ? undefined : parseReference(found).digest;
}

/**
 * Whether a row is of the images that are asked for as Docker does: by what it shows for them, `ubuntu`, `ubuntu:24.04`,
 * `debian@sha256:…`. A name without wildcards may also be written in full.
 * @throws ERR_RCX_INVALID_REFERENCE, ERR_RCX_INVALID_PATTERN
 */
export function referenceMatcher(pattern: string): (row: ImageRow) => boolean {
  if (/[*?[\\]/.test(pattern)) {
    const matches = pathMatch(pattern);
    return ({ repository, tag, digest }) =>
      repository !== undefined &&
      (matches(repository) || matches(tag === undefined ? `${repository}@${digest ?? ''}` : `${repository}:${tag}`));
  }
  const wanted = parseReference(pattern);
  const name = familiarName(wanted);
  // The tag that is filled in where none is given must not narrow the list.
  const tag = wanted.tag !== undefined && pattern.endsWith(`:${wanted.tag}`) ? wanted.tag : undefined;
  return (row) =>
    row.repository === name &&
    (tag === undefined || row.tag === tag) &&
    (wanted.digest === undefined || row.digest === wanted.digest);
}
