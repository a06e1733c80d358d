import { RcxError } from '../../errors.ts';
import { plain, quote } from '../../oci/quote.ts';

/** What a pattern is made of; a class may hold `]` behind a backslash only. */
const PARTS = /\\[\s\S]|\[\^?(?:\\[\s\S]|[^\]\\])+\]|[\s\S]/gu;
const SPECIAL = /^[\\^$.|+()[\]{}*?/]$/;

/**
 * A pattern of Go's `path.Match`, which Docker's filters use: `*` and `?` stand for anything but a slash, `[a-z]` and `[^a-z]`
 * for one character, a backslash takes the meaning from the next.
 * @returns whether the whole of a text is matched
 * @throws ERR_RCX_INVALID_PATTERN
 */
export function pathMatch(pattern: string): (text: string) => boolean {
  const source = (pattern.match(PARTS) ?? []).map((part) => expressionOf(part, pattern)).join('');
  try {
    const expression = new RegExp(`^${source}$`, 'u');
    return (text) => expression.test(text);
  } catch (cause) {
    throw invalid(pattern, cause);
  }
}

function expressionOf(part: string, pattern: string): string {
  if (part === '*') return '[^/]*';
  if (part === '?') return '[^/]';
  if (part === '[' || part === '\\') throw invalid(pattern);
  if (part.startsWith('[')) return classOf(part, pattern);
  return escaped(part.startsWith('\\') ? part.slice(1) : part);
}

/** `[^a-z\-]`: ranges and characters, each of which may be behind a backslash. */
function classOf(part: string, pattern: string): string {
  const negated = part[1] === '^';
  const members = part.slice(negated ? 2 : 1, -1).match(/(?:\\[\s\S]|[^-\\])(?:-(?:\\[\s\S]|[^-\\]))?|[\s\S]/gu) ?? [];
  const ranges = members.map((member) => {
    const characters = member.match(/^(\\?[\s\S])(?:-(\\?[\s\S]))?$/u);
    // Go wants a character on each side of a hyphen.
    if (member === '-' || characters === null) throw invalid(pattern);
    const ends = characters.slice(1).filter((end) => end !== undefined);
    return ends.map((end) => endOf(end.replace(/^\\/, ''))).join('-');
  });
  return `[${negated ? '^' : ''}${ranges.join('')}]`;
}

/** Between brackets a hyphen means something, too. */
function endOf(character: string): string {
  return character === '-' ? '\\-' : escaped(character);
}

function escaped(character: string): string {
  return SPECIAL.test(character) ? `\\${character}` : character;
}

function invalid(pattern: string, cause?: unknown): RcxError {
  return new RcxError(`list images: ${quote(pattern)} is not a valid pattern`, {
    code: 'ERR_RCX_INVALID_PATTERN',
    step: 'list images',
    path: plain(pattern),
    hint: 'use * and ? for any characters, [a-z] for a range',
    ...(cause !== undefined && { cause }),
  });
}
