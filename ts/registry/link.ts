const LINK = /<([^<>]*)>((?:\s*;\s*[\w!#$&+.^`|~*-]+(?:\s*=\s*(?:"(?:[^"\\]|\\.)*"|[^\s",;]*))?)*)/g;
const NEXT = /;\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]*))/i;
/** Longer headers come from nobody who means well. */
const MAX_LENGTH = 16_384;

/**
 * The target of the link to the next page (RFC 8288; distribution-spec, "Content Discovery"), absolute or relative.
 * @returns undefined where there is none
 */
export function nextLink(header: string | readonly string[] | undefined): string | undefined {
  const values = header === undefined ? [] : typeof header === 'string' ? [header] : header;
  for (const value of values.filter(({ length }) => length <= MAX_LENGTH)) {
    for (const [, target, parameters = ''] of value.matchAll(LINK)) {
      const [, quoted, bare] = NEXT.exec(parameters) ?? [];
      const relations = (quoted ?? bare ?? '').toLowerCase().split(/\s+/);
      if (relations.includes('next')) return target;
    }
  }
  return undefined;
}
