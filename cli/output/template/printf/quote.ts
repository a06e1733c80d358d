/** What Go's `strconv.IsPrint` lets stand: letters, marks, digits, punctuation, symbols and the plain space. */
const PRINTABLE = /^[\p{L}\p{M}\p{N}\p{P}\p{S} ]$/u;

const SHORT: Record<string, string> = {
  '\u0007': '\\a',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** A string as a constant of Go, in double quotes; nothing in it that a terminal would obey. */
export function quoteString(text: string): string {
  return `"${[...wellFormed(text)].map((character) => escapeCharacter(character, '"')).join('')}"`;
}

/** A character as a constant of Go, in single quotes. */
export function quoteCharacter(code: number): string {
  return `'${escapeCharacter(characterOf(code), "'")}'`;
}

/** The character with that number; the replacement character where there is none. */
export function characterOf(code: number): string {
  return code >= 0 && code <= 0x10ffff ? wellFormed(String.fromCodePoint(code)) : '\ufffd';
}

function wellFormed(text: string): string {
  return Buffer.from(text).toString();
}

function escapeCharacter(character: string, quotes: string): string {
  if (character === quotes || character === '\\') return `\\${character}`;
  if (PRINTABLE.test(character)) return character;
  const code = character.codePointAt(0) ?? 0;
  const hex = (length: number) => code.toString(16).padStart(length, '0');
  if (SHORT[character] !== undefined) return SHORT[character];
  if (code < 0x20 || code === 0x7f) return `\\x${hex(2)}`;
  return code > 0xffff ? `\\U${hex(8)}` : `\\u${hex(4)}`;
}
