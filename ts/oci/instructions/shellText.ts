import type { RcxError } from '../../errors.ts';
import { quote } from '../quote.ts';
import type { Failure } from './instruction.ts';
import { join, type Piece } from './pieces.ts';

/** The value of a variable, or undefined where it is not set. */
export type Lookup = (name: string) => string | undefined;

/** Letters, digits and `_`; or digits alone; or one of the shell's special parameters, which are never set here. */
const NAME = /[\p{L}_][\p{L}\p{Nd}_]*|\p{Nd}+|[@*#?$!-]/uy;
const OPERATOR = /\}|:?[-+?]/y;
/** `${A:-${B:-…}}` recurses; what is deeper than anybody writes would end in a stack overflow. */
const DEEPEST = 100;
const VARIABLE_HINT = `write $NAME, \${NAME}, \${NAME:-default} or \${NAME:+other}; put single quotes around a $ that shall stay.`;

/**
 * Text of a Dockerfile, expanded as its reference says (https://docs.docker.com/reference/dockerfile/#environment-replacement)
 * and Docker's own lexer does: single quotes keep everything; double quotes keep all but `$`, and a backslash before `"`,
 * `$` or `\`; elsewhere a backslash keeps the next character. `${NAME-word}`, `${NAME+word}` and `${NAME?word}` look at
 * whether the variable is set, with a colon also at whether it is empty. Variables that are not set are empty.
 *
 * The patterns of `${NAME#…}`, `${NAME%…}` and `${NAME/…}` are refused.
 */
export class ShellText {
  readonly #text: string;
  readonly #lookup: Lookup;
  readonly #fail: Failure;
  #at = 0;
  #depth = 0;

  private constructor(text: string, lookup: Lookup, fail: Failure) {
    this.#text = text;
    this.#lookup = lookup;
    this.#fail = fail;
  }

  /** @throws what `fail` makes, for an open quote or brace, an unknown operator, or a variable that `?` demands */
  static read(text: string, lookup: Lookup, fail: Failure): Piece[] {
    return new ShellText(text, lookup, fail).#pieces('');
  }

  #pieces(stop: '' | '}'): Piece[] {
    const pieces: Piece[] = [];
    while (this.#at < this.#text.length) {
      const character = this.#text.charAt(this.#at++);
      if (character === stop) return pieces;
      pieces.push(this.#piece(character));
    }
    if (stop !== '') throw this.#fail('a "}" is missing', VARIABLE_HINT);
    return pieces;
  }

  #piece(character: string): Piece {
    switch (character) {
      case "'":
        return { text: this.#singleQuoted(), quoted: true };
      case '"':
        return { text: this.#doubleQuoted(), quoted: true };
      case '\\':
        return { text: this.#text.charAt(this.#at++), quoted: true };
      case '$':
        return { text: this.#variable(), quoted: false };
      default:
        return { text: character, quoted: false };
    }
  }

  #singleQuoted(): string {
    const end = this.#text.indexOf("'", this.#at);
    if (end === -1) throw this.#fail('a single quote is not closed');
    const text = this.#text.slice(this.#at, end);
    this.#at = end + 1;
    return text;
  }

  #doubleQuoted(): string {
    let text = '';
    while (this.#at < this.#text.length) {
      const character = this.#text.charAt(this.#at++);
      if (character === '"') return text;
      const escaped = character === '\\' && /^["$\\]$/.test(this.#text.charAt(this.#at));
      if (escaped) text += this.#text.charAt(this.#at++);
      else text += character === '$' ? this.#variable() : character;
    }
    throw this.#fail('a double quote is not closed');
  }

  /** Behind the `$`, which stands for itself where no name follows. */
  #variable(): string {
    if (this.#text.charAt(this.#at) !== '{') {
      const name = this.#match(NAME);
      return name === undefined ? '$' : (this.#lookup(name) ?? '');
    }
    this.#at++;
    const name = this.#match(NAME);
    if (name === undefined) throw this.#fail('"${" is not followed by the name of a variable', VARIABLE_HINT);
    const operator = this.#match(OPERATOR);
    if (operator === undefined) throw this.#badOperator(name);
    return operator === '}' ? (this.#lookup(name) ?? '') : this.#conditional(name, operator);
  }

  #conditional(name: string, operator: string): string {
    if (++this.#depth > DEEPEST) throw this.#fail(`variables stand in each other more than ${DEEPEST} deep`);
    const word = join(this.#pieces('}'));
    this.#depth--;
    const value = this.#lookup(name);
    const present = operator.startsWith(':') && value === '' ? undefined : value;
    if (operator.endsWith('+')) return present === undefined ? '' : word;
    if (operator.endsWith('-')) return present ?? word;
    if (present !== undefined) return present;
    const why = word === '' ? 'is not set' : `is missing: ${quote(word)}`;
    throw this.#fail(`the variable ${quote(name)} ${why}`, 'set it with an ENV before this.');
  }

  #badOperator(name: string): RcxError {
    if (this.#at >= this.#text.length) return this.#fail('a "}" is missing', VARIABLE_HINT);
    const rest = this.#text.slice(this.#at, this.#at + 2);
    return this.#fail(`${quote(rest)} behind \${${name} is not supported`, VARIABLE_HINT);
  }

  #match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0];
    this.#at += found?.length ?? 0;
    return found;
  }
}
