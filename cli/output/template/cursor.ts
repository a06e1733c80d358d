import { quote } from '../../../ts/oci/quote.ts';
import { located, templateError } from './errors.ts';
import type { Token, TokenType } from './lexer.ts';

/** How deep blocks and parentheses may be nested: the parser and the evaluator call themselves for each. */
const DEEPEST = 200;

/** The place in a template up to which it has been read, and what is known there. */
export class Cursor {
  /** Whether a function of that name exists. */
  readonly knows: (name: string) => boolean;
  /** Variables that can be used here. */
  readonly variables: string[] = ['$'];
  /** In how many `range` this is. */
  ranges = 0;
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;

  constructor(text: string, tokens: readonly Token[], knows: (name: string) => boolean) {
    this.#text = text;
    this.#tokens = tokens;
    this.knows = knows;
  }

  /** @param ahead how many tokens after the next one */
  peek(ahead = 0): Token {
    // The last token is the end, which is never passed.
    return this.#tokens[Math.min(this.#next + ahead, this.#tokens.length - 1)] as Token;
  }

  /** Takes the next token. */
  next(): Token {
    const token = this.peek();
    this.#next++;
    return token;
  }

  /** Whether the next token is that one. */
  sees(type: TokenType, text?: string): boolean {
    const token = this.peek();
    return token.type === type && (text === undefined || token.text === text);
  }

  /** Takes the `}}` that must come now. */
  expectClose(context: string): void {
    if (!this.sees('close')) throw this.unexpected(context);
    this.next();
  }

  /** The error that the next token is. */
  unexpected(context: string): Error {
    const { type, text, at } = this.peek();
    return this.fail(
      at,
      type === 'end' ? `the template ends in ${context}` : `unexpected ${quote(text)} in ${context}`,
    );
  }

  /** An error at a place of the template. */
  fail(at: number, why: string, hint?: string): Error {
    return templateError(this.#text, at, why, hint);
  }

  /** @see located */
  at<T>(at: number, body: () => T): T {
    return located(this.#text, at, body);
  }

  /** Reads what may hold the same again. */
  nested<T>(at: number, body: () => T): T {
    this.#depth++;
    if (this.#depth > DEEPEST) throw this.fail(at, `nested more than ${DEEPEST} deep`);
    const result = body();
    this.#depth--;
    return result;
  }
}
