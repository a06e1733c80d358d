import { isSpace } from './space.ts';

/**
 * The first word of `text`, with its quotes and backslashes, and what follows it. White space in quotes, or behind a
 * backslash, is part of the word. Both are empty when there is no word.
 */
export function firstQuotedWord(text: string): [word: string, rest: string] {
  let start = 0;
  while (start < text.length && isSpace(text.charAt(start))) start++;
  const end = wordEnd(text, start);
  return [text.slice(start, end), text.slice(end)];
}

/** All words of `text` as {@link firstQuotedWord} reads them. */
export function quotedWords(text: string): string[] {
  const words: string[] = [];
  for (let [word, rest] = firstQuotedWord(text); word !== ''; [word, rest] = firstQuotedWord(rest)) words.push(word);
  return words;
}

/** Between single quotes a backslash is an ordinary character. */
function wordEnd(text: string, start: number): number {
  let quote = '';
  let at = start;
  for (; at < text.length; at++) {
    const character = text.charAt(at);
    if (character === '\\' && quote !== "'") at++;
    else if (quote !== '') quote = character === quote ? '' : quote;
    else if (character === '"' || character === "'") quote = character;
    else if (isSpace(character)) break;
  }
  return Math.min(at, text.length);
}
