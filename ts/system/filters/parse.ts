import { RcxError } from '../../errors.ts';
import { plain, quote } from '../../oci/quote.ts';

/** One `--filter`. */
export interface Filter<Name extends string = string> {
  name: Name;
  value: string;
  /** As it was given, for errors. */
  text: string;
}

/**
 * Reads `--filter`s as Docker's clients do: `name=value`, spaces around both and the case of the name aside.
 * @param names the filters that there are
 * @throws ERR_RCX_INVALID_OPTION
 */
export function parseFilters<Name extends string>(texts: readonly string[], names: readonly Name[]): Filter<Name>[] {
  return texts.map((text) => {
    const at = text.indexOf('=');
    const [given, value] = [text.slice(0, at).trim().toLowerCase(), text.slice(at + 1).trim()];
    if (at < 0) throw badFilter(text, 'bad format of filter', 'write it as name=value');
    const name = names.find((each) => each === given);
    if (name === undefined) throw badFilter(text, `there is no filter ${quote(given)}`, `use ${list(names)}`);
    return { name, value, text };
  });
}

/** The filters of one name. */
export function named<Name extends string>(filters: readonly Filter<Name>[], wanted: Name): Filter<Name>[] {
  return filters.filter(({ name }) => name === wanted);
}

/**
 * The filter of a name that may be given once.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function single<Name extends string>(filters: readonly Filter<Name>[], wanted: Name): Filter<Name> | undefined {
  const [first, second] = named(filters, wanted);
  if (second !== undefined) throw badFilter(second.text, `more than one ${wanted} filter specified`, 'give one');
  return first;
}

/**
 * `true`, `false`, `1` or `0`, which Docker takes for the same.
 * @throws ERR_RCX_INVALID_OPTION
 */
export function parseTruth({ value, text }: Filter): boolean {
  if (value === 'true' || value === '1') return true;
  if (value === 'false' || value === '0') return false;
  throw badFilter(text, `${quote(value)} is neither true nor false`, 'write true or false');
}

/** The error for a filter that cannot be read. */
export function badFilter(text: string, problem: string, hint: string): RcxError {
  const path = plain(text);
  return new RcxError(`read --filter ${path}: ${problem}`, {
    code: 'ERR_RCX_INVALID_OPTION',
    step: 'read --filter',
    path,
    hint,
  });
}

function list(names: readonly string[]): string {
  const [last = '', ...others] = [...names].reverse();
  return others.length === 0 ? last : `${others.reverse().join(', ')} or ${last}`;
}
