import type { RcxConfig } from '../config/config.ts';
import { RcxError } from '../errors.ts';
import type { Subject } from './answer.ts';
import { registryEndpoint, searchEndpoint } from './endpoint.ts';
import { type Lister, pages } from './pages.ts';
import { searchIndex } from './searchIndex.ts';

/** What to look for. */
export interface SearchQuery {
  registry: string;
  /** Part of a name; empty for all that a registry lists. */
  term: string;
  /** At most so many, 1 to 100. */
  limit: number;
}

/** An image that a registry has found. */
export interface FoundImage {
  /** As `pull` takes it. */
  name: string;
  description: string;
  stars: number;
  isOfficial: boolean;
}

/** Entries of one page of the catalog; registries refuse to give more. */
const PAGE_SIZE = 1000;

/**
 * Searches a registry by the search of the API's first version, which is Docker Hub's. Registries of the second version
 * have none: their list of repositories is looked through for the term, as podman does.
 * @throws ERR_RCX_UNSUPPORTED, ERR_RCX_UNAUTHORIZED, ERR_RCX_FORBIDDEN or ERR_RCX_REGISTRY_ERROR where the registry
 *   refuses both, and as {@link pages}
 */
export async function search(lister: Lister, config: RcxConfig, query: SearchQuery): Promise<FoundImage[]> {
  const { registry } = query;
  const subject: Subject = { name: `search ${registry}`, kind: 'search', registry };
  const found =
    query.term === ''
      ? 'it was not asked'
      : await searchIndex(lister, searchEndpoint(registry, config), subject, query);
  if (typeof found !== 'string') return found;
  try {
    return await searchCatalog(lister, config, subject, query);
  } catch (error) {
    throw error instanceof RcxError ? alsoWithoutIndex(error, found) : error;
  }
}

/** The repositories whose name contains the term; one that is the term itself comes first. */
async function searchCatalog(
  lister: Lister,
  config: RcxConfig,
  subject: Subject,
  { registry, term, limit }: SearchQuery,
): Promise<FoundImage[]> {
  const endpoint = registryEndpoint(registry, config);
  const first = { pathname: '/v2/_catalog', search: `?n=${PAGE_SIZE}` };
  const names = new Set<string>();
  for await (const page of pages(lister, { endpoint, subject, first, member: 'repositories' })) {
    for (const name of page) if (name.includes(term)) names.add(name);
    if (names.size >= limit) break;
  }
  const exactFirst = [...names].sort((a, b) => Number(b === term) - Number(a === term));
  return exactFirst
    .slice(0, limit)
    .map((name) => ({ name: `${registry}/${name}`, description: '', stars: 0, isOfficial: false }));
}

function alsoWithoutIndex({ message, code, step, path, errno, hint, cause }: RcxError, why: string): RcxError {
  return new RcxError(`${message}; nor has it a /v1/search: ${why}`, { code, step, path, errno, hint, cause });
}
