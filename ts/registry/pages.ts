import { RcxError } from '../errors.ts';
import { JsonNode, listOf, string } from '../oci/json.ts';
import { plain, quote } from '../oci/quote.ts';
import type { Subject } from './answer.ts';
import { readLimited } from './body.ts';
import { type Endpoint, endpointName } from './endpoint.ts';
import { networkFailure, withoutQuery } from './failure.ts';
import { nextLink } from './link.ts';
import { type RetryPolicy, withRetry } from './retry.ts';
import type { Session, Target } from './session.ts';
import type { HttpResponse } from './transport.ts';

/** With what lists are fetched. */
export interface Lister {
  session: Session;
  retry: RetryPolicy;
  /** Milliseconds for one page, however slowly it drips. */
  timeout: number;
  signal: AbortSignal | undefined;
}

/** A list that a registry serves in pages. */
export interface PagedList {
  endpoint: Endpoint;
  subject: Subject;
  first: Target;
  /** Which member of each page is the list: `tags`, `repositories`. */
  member: string;
}

/** Far beyond what registries have; a server that goes on and on would keep rcx busy for ever. */
const MAX_PAGES = 1000;
/** Bytes of one page. */
const MAX_PAGE = 4 * 1024 * 1024;

/**
 * A list page by page (distribution-spec, "Content Discovery"). The next page is asked of the same server, whatever host
 * its link names.
 * @throws ERR_RCX_LIST_TOO_LONG, ERR_RCX_BAD_LINK, ERR_RCX_REGISTRY_ERROR for pages that are no list, and what concerns
 *   the registry as such
 */
export async function* pages(lister: Lister, list: PagedList): AsyncGenerator<string[], void, void> {
  const seen = new Set<string>();
  let target: Target | undefined = list.first;
  while (target !== undefined) {
    const name = `${target.pathname}${target.search}`;
    if (seen.has(name) || seen.size === MAX_PAGES) throw tooLong(list, seen.has(name));
    seen.add(name);
    const page: Page = await fetchPage(lister, list, target);
    yield page.names;
    target = page.next;
  }
}

interface Page {
  names: string[];
  next: Target | undefined;
}

function fetchPage({ session, retry, timeout, signal }: Lister, list: PagedList, target: Target): Promise<Page> {
  const { endpoint, subject } = list;
  return withRetry(retry, signal, async () => {
    const deadline = AbortSignal.timeout(timeout);
    const combined = signal === undefined ? deadline : AbortSignal.any([signal, deadline]);
    try {
      const options = { headers: { accept: 'application/json' }, signal: combined };
      const response = await session.requestAt(endpoint, target, subject, [200], options);
      const bytes = await readLimited(response, MAX_PAGE);
      if (bytes === undefined) throw badPage(list, response, `is longer than ${MAX_PAGE} bytes`);
      return { names: readNames(list, response, bytes), next: nextTarget(list, response) };
    } catch (cause) {
      throw networkFailure(subject.name, endpointName(endpoint), cause, signal);
    }
  });
}

function readNames(list: PagedList, response: HttpResponse, bytes: Buffer): string[] {
  const failure = (problem: string): RcxError => badPage(list, response, `cannot be read: ${problem}`);
  let document: unknown;
  try {
    document = JSON.parse(bytes.toString('utf8'));
  } catch {
    throw failure('it is not JSON');
  }
  return new JsonNode(document, failure).optional(list.member, listOf(string)) ?? [];
}

/** Registries behind proxies write links with a scheme that is not theirs, so only another host is refused. */
function nextTarget({ subject }: PagedList, { headers, url, fromOrigin }: HttpResponse): Target | undefined {
  const link = nextLink(headers.link);
  if (link === undefined) return undefined;
  const next = URL.canParse(link, url.href) ? new URL(link, url) : undefined;
  if (fromOrigin && next !== undefined && next.host === url.host) {
    return { pathname: next.pathname, search: next.search };
  }
  throw new RcxError(
    `${subject.name}: ${url.host} says that its list goes on at ${quote(link)}, which is no page of it`,
    {
      code: 'ERR_RCX_BAD_LINK',
      step: `fetch ${subject.kind}`,
      path: withoutQuery(url),
      hint: 'this is a fault of the registry or of a proxy on the way to it; rcx did not follow it.',
    },
  );
}

function badPage({ subject }: PagedList, { url }: HttpResponse, problem: string): RcxError {
  return new RcxError(`${subject.name}: the answer of ${url.host} ${plain(problem)}`, {
    code: 'ERR_RCX_REGISTRY_ERROR',
    step: `fetch ${subject.kind}`,
    path: withoutQuery(url),
    hint: 'check that this is the address of a container registry and not of a web page or proxy.',
  });
}

function tooLong({ subject, endpoint }: PagedList, isCircle: boolean): RcxError {
  const problem = isCircle ? 'goes round in a circle' : `goes on after ${MAX_PAGES} pages`;
  return new RcxError(`${subject.name}: the list of ${endpointName(endpoint)} ${problem}`, {
    code: 'ERR_RCX_LIST_TOO_LONG',
    step: `fetch ${subject.kind}`,
    path: endpointName(endpoint),
    hint: 'ask for the image by its whole name; if the registry is yours, look why its list does not end.',
  });
}
