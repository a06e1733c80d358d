import { isSpace } from './space.ts';

/** A stretch of text after quotes, backslashes and variables were dealt with. */
export interface Piece {
  text: string;
  /** White space in it does not end a word. */
  quoted: boolean;
}

/** The text as one word, white space and all. */
export function join(pieces: readonly Piece[]): string {
  return pieces.map((piece) => piece.text).join('');
}

/** The text cut at white space outside of quotes; a variable's value is cut, too. Empty words are left out. */
export function split(pieces: readonly Piece[]): string[] {
  const words: string[] = [];
  let word = '';
  for (const { text, quoted } of [...pieces, { text: ' ', quoted: false }]) {
    for (const part of quoted ? [text] : text) {
      if (quoted || !isSpace(part)) word += part;
      else if (word !== '') {
        words.push(word);
        word = '';
      }
    }
  }
  return words;
}
