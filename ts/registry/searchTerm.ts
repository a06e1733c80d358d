import { RcxError } from '../errors.ts';
import { plain, quote } from '../oci/quote.ts';
import { canonicalRegistry, DEFAULT_REGISTRY, isRegistryName } from '../oci/reference.ts';
import type { FoundImage, SearchQuery } from './search.ts';

/** Docker's. */
const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 100;

/**
 * Reads what `docker search` is given: `TERM` is looked for on Docker Hub, `registry[:port]/TERM` on that registry.
 * @param limit 0 for Docker's default
 * @throws ERR_RCX_INVALID_OPTION
 */
export function parseSearch(text: string, limit = 0): SearchQuery {
  if (text.includes('://')) throw invalid(text, `${quote(text)} has a scheme`, 'write it as [registry[:port]/]TERM.');
  if (limit !== 0 && (!Number.isInteger(limit) || limit < 1 || limit > MAX_LIMIT)) {
    throw invalid(text, `limit ${limit} is outside the range of [1, ${MAX_LIMIT}]`, 'give a limit in that range.');
  }
  const slash = text.indexOf('/');
  const first = text.slice(0, Math.max(slash, 0));
  const isRegistry = /[.:]/.test(first) || first === 'localhost';
  if (isRegistry && !isRegistryName(first)) {
    throw invalid(text, `${quote(first)} is not a registry host`, 'write it as [registry[:port]/]TERM.');
  }
  const registry = isRegistry ? canonicalRegistry(first) : DEFAULT_REGISTRY;
  const rest = isRegistry ? text.slice(slash + 1) : text;
  const term = registry === DEFAULT_REGISTRY ? rest.replace(/^library\//, '') : rest;
  if (term === '' && registry === DEFAULT_REGISTRY) {
    throw invalid(text, 'there is nothing to look for', 'give a part of the name of an image.');
  }
  return { registry, term, limit: limit || DEFAULT_LIMIT };
}

/**
 * Docker's filters of search results, each `name=value`.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function searchFilter(
  filters: readonly (readonly [name: string, value: string])[],
): (found: FoundImage) => boolean {
  const values = (wanted: string): string[] => filters.flatMap(([name, value]) => (name === wanted ? [value] : []));
  const unknown = filters.find(([name]) => !['is-official', 'is-automated', 'stars'].includes(name));
  if (unknown !== undefined) {
    throw invalid('', `invalid filter ${quote(unknown[0])}`, 'there are is-official=true|false and stars=NUMBER.');
  }
  const isOfficial = truth('is-official', values('is-official'));
  const isAutomated = truth('is-automated', values('is-automated'));
  const stars = values('stars').map((text) => {
    if (!/^[+-]?\d+$/.test(text)) throw invalid('', `invalid filter "stars=${plain(text)}"`, 'give a whole number.');
    return Number(text);
  });
  const fewest = Math.max(0, ...stars);
  // Docker Hub builds nothing itself any more.
  if (isAutomated === true) return () => false;
  return (found) =>
    (isOfficial === undefined || found.isOfficial === isOfficial) && (stars.length === 0 || found.stars >= fewest);
}

function truth(name: string, values: readonly string[]): boolean | undefined {
  if (values.length === 0) return undefined;
  const isTrue = values.some((value) => value === 'true' || value === '1');
  const isFalse = values.some((value) => value === 'false' || value === '0');
  if (isTrue !== isFalse) return isTrue;
  throw invalid('', `invalid filter "${name}=${plain(values.join(', '))}"`, 'give either true or false.');
}

function invalid(text: string, problem: string, hint: string): RcxError {
  return new RcxError(`search: ${problem}`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'search',
    path: plain(text),
    hint,
  });
}
