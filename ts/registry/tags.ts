import { RcxError } from '../errors.ts';
import { familiarName } from '../oci/reference.ts';
import type { Subject } from './answer.ts';
import { type Endpoint, endpointName } from './endpoint.ts';
import type { Repository } from './options.ts';
import { type Lister, pages } from './pages.ts';

/** More tags than these no repository has that anybody means to pull whole. */
const MAX_TAGS = 100_000;

/**
 * The tags of a repository on one server (distribution-spec, "Listing Tags"), each once, in the server's order.
 * @param name the repository, as its registry calls it
 * @throws ERR_RCX_LIST_TOO_LONG, and as {@link pages}
 */
export async function listTags(lister: Lister, endpoint: Endpoint, name: Repository): Promise<string[]> {
  const subject: Subject = { name: familiarName(name), kind: 'tags', registry: endpoint.registry };
  const first = { pathname: `/v2/${endpoint.repository}/tags/list`, search: '' };
  const tags = new Set<string>();
  for await (const page of pages(lister, { endpoint, subject, first, member: 'tags' })) {
    for (const tag of page) tags.add(tag);
    if (tags.size > MAX_TAGS) throw tooMany(subject, endpoint);
  }
  return [...tags];
}

function tooMany({ name }: Subject, endpoint: Endpoint): RcxError {
  return new RcxError(`${name}: ${endpointName(endpoint)} has more than ${MAX_TAGS} tags of it`, {
    code: 'ERR_RCX_LIST_TOO_LONG',
    step: 'fetch tags',
    path: name,
    hint: 'pull the tags that you need by name.',
  });
}
