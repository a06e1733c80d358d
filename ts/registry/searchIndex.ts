import { isRcxError, RcxError } from '../errors.ts';
import { boolean, integer, JsonNode, listOf, type Reader, string } from '../oci/json.ts';
import { plain } from '../oci/quote.ts';
import { DEFAULT_REGISTRY } from '../oci/reference.ts';
import { refusal, type Subject } from './answer.ts';
import { discard, readLimited } from './body.ts';
import { type Endpoint, endpointName } from './endpoint.ts';
import { networkFailure, withoutQuery } from './failure.ts';
import type { Lister } from './pages.ts';
import { withRetry } from './retry.ts';
import type { FoundImage, SearchQuery } from './search.ts';

/** Bytes. */
const MAX_ANSWER = 4 * 1024 * 1024;

/**
 * Searches by `/v1/search` of the registry API's first version, which Docker Hub still has; no login is sent.
 * @returns why there is no answer, where a registry has no such search
 * @throws where Docker Hub refuses, and for every server that cannot be reached
 */
export function searchIndex(
  { session, retry, timeout, signal }: Lister,
  endpoint: Endpoint,
  subject: Subject,
  { registry, term, limit }: SearchQuery,
): Promise<FoundImage[] | string> {
  const target = { pathname: '/v1/search', search: `?${new URLSearchParams({ q: term, n: String(limit) })}` };
  return withRetry(retry, signal, async () => {
    const deadline = AbortSignal.timeout(timeout);
    const combined = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    try {
      const options = { headers: { accept: 'application/json' }, signal: combined };
      const response = await session.getAnonymously(endpoint, target, options);
      if (response.status !== 200) {
        if (registry === DEFAULT_REGISTRY) throw await refusal(subject, response);
        await discard(response.body);
        return `HTTP ${response.status}`;
      }
      const bytes = await readLimited(response, MAX_ANSWER);
      const found = readAnswer(subject, response.url, bytes).slice(0, limit);
      return found.map((image) => ({ ...image, name: nameFor(registry, image.name) }));
    } catch (cause) {
      if (registry !== DEFAULT_REGISTRY && isNoSearch(cause)) return 'its answer is no search result';
      throw networkFailure(subject.name, endpointName(endpoint), cause, signal);
    }
  });
}

/** A web page, or the way to one, as some registries answer to everything that they do not know. */
function isNoSearch(cause: unknown): boolean {
  return isRcxError(cause, 'ERR_RCX_REGISTRY_ERROR') || isRcxError(cause, 'ERR_RCX_BAD_REDIRECT');
}

function nameFor(registry: string, name: string): string {
  return registry === DEFAULT_REGISTRY ? name : `${registry}/${name}`;
}

function readAnswer(subject: Subject, url: URL, bytes: Buffer | undefined): FoundImage[] {
  const failure = (problem: string): RcxError =>
    new RcxError(`${subject.name}: the answer of ${url.host} cannot be read: ${plain(problem)}`, {
      code: 'ERR_RCX_REGISTRY_ERROR',
      step: 'search',
      path: withoutQuery(url),
      hint: 'this is a fault of the registry or of a proxy on the way to it; try again later.',
    });
  if (bytes === undefined) throw failure(`it is longer than ${MAX_ANSWER} bytes`);
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw failure('it is not JSON');
  }
  return new JsonNode(document, failure).required('results', listOf(foundImage));
}

const foundImage: Reader<FoundImage> = (node) => ({
  name: node.required('name', string),
  description: node.optional('description', string) ?? '',
  stars: node.optional('star_count', integer) ?? 0,
  isOfficial: node.optional('is_official', boolean) ?? false,
});
