/** Longest piece of foreign text that an error message repeats, in UTF-16 units. */
const LONGEST = 120;

/**
 * Foreign text made fit for a one-line message: quoted, cut, and with control characters (line breaks, terminal escapes)
 * escaped, so that a hostile name or answer cannot rewrite what the reader sees.
 */
export function quote(text: string): string {
  return `"${plain(text).replaceAll('"', '\\"')}"`;
}

/** As {@link quote}, without the quotes. */
export function plain(text: string, longest: number = LONGEST): string {
  const cut = text.length > longest ? `${text.slice(0, longest)}…` : text;
  return cut.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/gu, (character) => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
