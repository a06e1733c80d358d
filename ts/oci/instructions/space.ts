/** White space as Go's `unicode.IsSpace` has it, which Docker uses: with U+0085 and, unlike `\s`, without U+FEFF. */
const SPACE = /^[\t-\r \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]$/;

export function isSpace(character: string): boolean {
  return SPACE.test(character);
}

export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charAt(start))) start++;
  while (end > start && isSpace(text.charAt(end - 1))) end--;
  return text.slice(start, end);
}

/** The words between blanks, of which a Dockerfile knows fewer than {@link isSpace}; quotes mean nothing here. */
export function blankSeparated(text: string): string[] {
  return text.split(/[\t\v\f\r ]+/).filter((word) => word !== '');
}

/** `CMD  echo a b` → `CMD` and `echo a b`. */
export function splitFirst(text: string): [first: string, rest: string] {
  const [, first = '', rest = ''] = /^([^\t\v\f\r ]*)[\t\v\f\r ]*(.*)$/s.exec(text) ?? [];
  return [first, rest];
}
