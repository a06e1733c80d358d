/** One authentication challenge of a `WWW-Authenticate` header (RFC 9110 §11.6.1). */
export interface Challenge {
  /** Lower case: `bearer`, `basic`. */
  scheme: string;
  /** Names in lower case; of a repeated name the first value counts. */
  parameters: ReadonlyMap<string, string>;
}

const TOKEN = /[!#$%&'*+.^_`|~\w-]+/y;
const QUOTED = /"((?:[^"\\]|\\.)*)"/y;
const TOKEN68 = /[A-Za-z0-9._~+/-]+=*(?=\s*(?:,|$))/y;
/** Longer headers come from nobody who means well. */
const MAX_LENGTH = 16_384;

/** Reads all challenges; whatever follows a syntax error is ignored, as a client cannot guess what was meant. */
export function parseChallenges(header: string | readonly string[] | undefined): Challenge[] {
  const values = header === undefined ? [] : typeof header === 'string' ? [header] : header;
  return values.filter((value) => value.length <= MAX_LENGTH).flatMap(parseHeader);
}

function parseHeader(text: string): Challenge[] {
  const challenges: Challenge[] = [];
  let parameters: Map<string, string> | undefined;
  const scanner = new Scanner(text);
  while (!scanner.atEnd()) {
    scanner.skip(/[\s,]*/y);
    const word = scanner.take(TOKEN);
    if (word === undefined) break;
    scanner.skip(/[ \t]*/y);
    if (parameters !== undefined && scanner.take(/=[ \t]*/y) !== undefined) {
      const value = scanner.takeGroup(QUOTED)?.replace(/\\(.)/g, '$1') ?? scanner.take(TOKEN);
      if (value === undefined) break;
      if (!parameters.has(word.toLowerCase())) parameters.set(word.toLowerCase(), value);
      continue;
    }
    parameters = new Map();
    challenges.push({ scheme: word.toLowerCase(), parameters });
    scanner.take(TOKEN68);
  }
  return challenges;
}

class Scanner {
  readonly #text: string;
  #position = 0;

  constructor(text: string) {
    this.#text = text;
  }

  atEnd(): boolean {
    return this.#position >= this.#text.length;
  }

  skip(pattern: RegExp): void {
    this.take(pattern);
  }

  take(pattern: RegExp): string | undefined {
    return this.#match(pattern)?.[0];
  }

  takeGroup(pattern: RegExp): string | undefined {
    return this.#match(pattern)?.[1];
  }

  #match(pattern: RegExp): RegExpExecArray | null {
    pattern.lastIndex = this.#position;
    const match = pattern.exec(this.#text);
    if (match !== null) this.#position += match[0].length;
    return match;
  }
}
