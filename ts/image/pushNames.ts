import { RcxError } from '../errors.ts';
import { canonicalReference, familiarName, hasTagOrDigest, parseReference, type Reference } from '../oci/reference.ts';
import type { StoredImage } from '../store/images.ts';

/**
 * The tags that images have in a repository, for `push --all-tags`.
 * @param text the repository as it was asked for
 * @throws ERR_RCX_INVALID_REFERENCE when it has a tag or digest, ERR_RCX_IMAGE_NOT_FOUND when there is none
 */
export function namesToPush(images: readonly StoredImage[], text: string, wanted: Reference): string[] {
  if (hasTagOrDigest(text)) {
    throw new RcxError(`push ${text}: a tag cannot be used with --all-tags`, {
      code: 'ERR_RCX_INVALID_REFERENCE',
      step: 'push',
      path: text,
      hint: 'give the repository alone',
    });
  }
  const names = images.flatMap(({ references }) => references.map(parseReference));
  const tags = names
    .filter(({ registry, repository }) => registry === wanted.registry && repository === wanted.repository)
    .flatMap(({ tag }) => tag ?? []);
  if (tags.length > 0) return tags.sort();
  throw new RcxError(`push ${canonicalReference(wanted)}: no image of the store has a name in that repository`, {
    code: 'ERR_RCX_IMAGE_NOT_FOUND',
    step: 'push',
    path: text,
    hint: `give one to an image with: rcx tag IMAGE ${familiarName(wanted)}:TAG`,
  });
}
