import { quote } from '../../../ts/oci/quote.ts';
import { templateError } from './errors.ts';

export type TokenType =
  | 'text'
  | 'open'
  | 'close'
  | 'field'
  | 'variable'
  | 'number'
  | 'dot'
  | 'name'
  | 'string'
  | 'mark'
  | 'end';

export interface Token {
  type: TokenType;
  text: string;
  at: number;
  /** White space is before it: arguments are told apart by that. */
  spaced: boolean;
}

/** What can be inside of an action, the first that matches; a number or a field may begin with a dot. */
const RULES: readonly (readonly [type: TokenType | 'space', pattern: RegExp])[] = [
  ['close', /(?:[ \t\r\n]+-)?\}\}/y],
  ['space', /[ \t\r\n]+/y],
  ['field', /\.(?![0-9])[\p{L}\p{Nd}_]+/uy],
  ['variable', /\$[\p{L}\p{Nd}_]*/uy],
  ['number', /[+-]?\.?[0-9](?:[eEpP][+-]|[\p{L}\p{Nd}_.])*/uy],
  ['dot', /\./y],
  ['name', /[\p{L}\p{Nd}_]+/uy],
  ['string', /"(?:[^"\\\n]|\\[^\n])*"|`[^`]*`/y],
  ['mark', /:=|[=|(),]/y],
];

/** Text that neither ends nor goes on here: `.A-B` is no field. */
const WORD: readonly string[] = ['field', 'variable', 'name'];
const AFTER_WORD = /[ \t\r\n.,|:()]|\}\}|$/y;

const TRIM_MARKER = /-[ \t\r\n]/y;
const COMMENT_END = /\*\/([ \t\r\n]-)?\}\}/y;

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at;
  return pattern.exec(text);
}

/**
 * Takes a template apart.
 * @param literal what becomes of text outside of actions, before white space is trimmed from it
 * @throws ERR_RCX_TEMPLATE
 */
export function lex(text: string, literal: (piece: string) => string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  let trims = false;
  for (;;) {
    const open = text.indexOf('{{', at);
    const piece = literal(text.slice(at, open < 0 ? text.length : open));
    const trimsBefore = open >= 0 && matchAt(TRIM_MARKER, text, open + 2) !== null;
    const begin = trims ? piece.replace(/^[ \t\r\n]+/, '') : piece;
    const rest = trimsBefore ? begin.replace(/[ \t\r\n]+$/, '') : begin;
    if (rest !== '') tokens.push({ type: 'text', text: rest, at, spaced: false });
    if (open < 0) break;
    const inside = open + (trimsBefore ? 4 : 2);
    const close = lexComment(text, inside) ?? lexAction(text, open, inside, tokens);
    at = close.end;
    trims = close.trims;
  }
  return [...tokens, { type: 'end', text: '', at: text.length, spaced: false }];
}

interface Close {
  end: number;
  /** White space after it is to be left out. */
  trims: boolean;
}

function lexComment(text: string, at: number): Close | undefined {
  if (!text.startsWith('/*', at)) return undefined;
  const end = text.indexOf('*/', at + 2);
  const close = end < 0 ? null : matchAt(COMMENT_END, text, end);
  if (close === null) throw templateError(text, at, 'a comment is written {{/* */}}, with nothing between the marks');
  return { end: end + close[0].length, trims: close[1] !== undefined };
}

function lexAction(text: string, open: number, inside: number, tokens: Token[]): Close {
  tokens.push({ type: 'open', text: '{{', at: open, spaced: false });
  let at = inside;
  let spaced = false;
  while (at < text.length) {
    const { type, word } = lexWord(text, at);
    const end = at + word.length;
    if (type !== 'space') tokens.push({ type, text: word, at, spaced });
    if (type === 'close') return { end, trims: word.length > 2 };
    if (WORD.includes(type) && matchAt(AFTER_WORD, text, end) === null) throw unexpected(text, end);
    spaced = type === 'space';
    at = end;
  }
  throw templateError(text, open, 'a {{ without its }}');
}

function lexWord(text: string, at: number): { type: TokenType | 'space'; word: string } {
  for (const [type, pattern] of RULES) {
    const match = matchAt(pattern, text, at);
    if (match !== null) return { type, word: match[0] };
  }
  throw unexpected(text, at);
}

const UNFINISHED: Record<string, string> = {
  '"': 'a quoted string without its end',
  '`': 'a quoted string without its end',
  "'": 'strings are written in double quotes or backquotes',
};

function unexpected(text: string, at: number): Error {
  const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
  const last = text.startsWith('/*', at) ? 'a comment begins directly after {{' : `unexpected ${quote(character)}`;
  return templateError(text, at, UNFINISHED[character] ?? last);
}
