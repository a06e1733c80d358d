import type { Engine } from '../engine.ts';
import { isRcxError, RcxError } from '../errors.ts';
import { plain } from '../oci/quote.ts';
import {
  canonicalReference,
  familiarName,
  familiarReference,
  hasTagOrDigest,
  parseReference,
  type Reference,
} from '../oci/reference.ts';
import { inContext } from '../registry/failure.ts';
import type { Repository } from '../registry/index.ts';

/**
 * The tags of a repository, as its registry wrote them: {@link withTag} checks each.
 * @param text `[registry[:port]/]repository`
 * @throws ERR_RCX_INVALID_OPTION for a name with a tag or a digest, ERR_RCX_IMAGE_NOT_FOUND for a repository without tags,
 *   and what {@link Registry.listTags} throws
 */
export async function allTags(engine: Engine, text: string): Promise<{ repository: Repository; tags: string[] }> {
  const { registry, repository } = parseReference(text);
  if (hasTagOrDigest(text)) {
    throw new RcxError(`pull ${plain(text)}: tag can't be used with --all-tags/-a`, {
      code: 'ERR_RCX_INVALID_OPTION',
      step: 'pull',
      path: plain(text),
      hint: 'leave out the tag, or -a',
    });
  }
  const tags = await (await engine.registry()).listTags({ registry, repository });
  if (tags.length === 0) {
    throw new RcxError(`pull ${familiarName({ registry, repository })}: the repository has no tags`, {
      code: 'ERR_RCX_IMAGE_NOT_FOUND',
      step: 'pull',
      path: plain(text),
      hint: 'its images can only be pulled by digest',
    });
  }
  return { repository: { registry, repository }, tags };
}

/** Of many images that are pulled, the failure of one must say which it was. */
export function naming(reference: Reference, error: unknown): unknown {
  if (!isRcxError(error) || error.message.includes(canonicalReference(reference))) return error;
  return inContext(error, `pull ${familiarReference(reference)}`);
}
