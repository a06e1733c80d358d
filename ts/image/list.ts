import { RcxError } from '../errors.ts';
import type { Digest } from '../oci/digest.ts';
import { plain, quote } from '../oci/quote.ts';
import { familiarName, parseReference } from '../oci/reference.ts';
import type { StoredImage } from '../store/images.ts';

/** An image under one of its names; an image without a name has one row, without repository and tag. */
export interface ImageRow {
  image: StoredImage;
  /** As Docker shows it: `ubuntu`, `localhost:5000/app`. */
  repository?: string;
  tag?: string;
  /** What the registry serves under the name. */
  digest?: Digest;
}

/**
 * Images by name, newest first.
 * @param pattern `repository` or `repository:tag`, with `*`, `?` and `[a-z]` as in a shell; everything when left out
 * @throws ERR_RCX_INVALID_REFERENCE, ERR_RCX_INVALID_PATTERN
 */
export function listImages(images: readonly StoredImage[], pattern?: string): ImageRow[] {
  const matches = pattern === undefined ? () => true : matcher(pattern);
  return [...images]
    .sort((a, b) => time(b) - time(a))
    .flatMap(rowsOf)
    .filter(matches);
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

function matcher(pattern: string): (row: ImageRow) => boolean {
  if (/[*?[]/.test(pattern)) {
    const glob = globExpression(pattern);
    return ({ repository, tag }) =>
      repository !== undefined && (glob.test(repository) || glob.test(`${repository}:${tag ?? ''}`));
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

/** As Go's `path.Match`, which Docker uses: no wildcard stands for a slash. */
function globExpression(pattern: string): RegExp {
  const source = pattern.replace(/\[\^?[^\]/]+\]|[\s\S]/g, (part) => {
    if (part === '*') return '[^/]*';
    if (part === '?') return '[^/]';
    return part.length > 1 ? part : part.replace(/[\\^$.|+()[\]{}]/g, '\\$&');
  });
  try {
    return new RegExp(`^${source}$`);
  } catch (cause) {
    throw new RcxError(`list images: ${quote(pattern)} is not a valid pattern`, {
      code: 'ERR_RCX_INVALID_PATTERN',
      step: 'list images',
      path: plain(pattern),
      hint: 'use * and ? for any characters, [a-z] for a range',
      cause,
    });
  }
}
