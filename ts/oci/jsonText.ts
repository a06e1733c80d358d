/** A member of a JSON object: its name, and its value as it is written. */
export type RawMember = [name: string, value: string];

interface Token {
  text: string;
  start: number;
  end: number;
}

const WHITESPACE = ' \t\n\r';
const PUNCTUATION = '{}[],:';

/**
 * JSON laid out as Go's `json.Indent` does, every value written as before: numbers keep all their digits and strings
 * their escapes, which `JSON.parse` and `JSON.stringify` would not promise.
 * @param text valid JSON (RFC 8259)
 * @param indent of one level
 */
export function indentJson(text: string, indent: string): string {
  const parts: string[] = [];
  let depth = 0;
  let isEmpty = false;
  const newLine = (): number => parts.push('\n', indent.repeat(depth));
  for (const { text: token } of tokens(text)) {
    const closes = token === '}' || token === ']';
    if (closes) depth--;
    // An empty list or object stays on its line.
    if (isEmpty ? !closes : closes) newLine();
    isEmpty = token === '{' || token === '[';
    if (isEmpty) depth++;
    parts.push(token);
    if (token === ':') parts.push(' ');
    if (token === ',') newLine();
  }
  return parts.join('');
}

/**
 * The members of an object, in their order, values as they are written.
 * @param text a valid JSON object
 */
export function splitMembers(text: string): RawMember[] {
  const members: RawMember[] = [];
  let depth = 0;
  let name: string | undefined;
  let value: [start: number, end: number] | undefined;
  for (const { text: token, start, end } of tokens(text)) {
    const closes = token === '}' || token === ']';
    if (closes) depth--;
    if (depth === 0 || (depth === 1 && token === ',')) {
      if (name !== undefined && value !== undefined) members.push([name, text.slice(...value)]);
      name = undefined;
      value = undefined;
    } else if (name === undefined) {
      name = JSON.parse(token) as string;
    } else if (depth > 1 || token !== ':') {
      value = [value?.[0] ?? start, end];
    }
    if (token === '{' || token === '[') depth++;
  }
  return members;
}

/** The object with these members, on one line. */
export function joinMembers(members: readonly RawMember[]): string {
  return `{${members.map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',')}}`;
}

function* tokens(text: string): Generator<Token> {
  for (let start = 0; start < text.length; ) {
    const character = text[start] as string;
    if (WHITESPACE.includes(character)) {
      start++;
      continue;
    }
    const end = endOfToken(text, start, character);
    yield { text: text.slice(start, end), start, end };
    start = end;
  }
}

function endOfToken(text: string, start: number, character: string): number {
  if (PUNCTUATION.includes(character)) return start + 1;
  if (character === '"') return endOfString(text, start);
  let end = start + 1;
  while (end < text.length && !WHITESPACE.includes(text[end] as string) && !PUNCTUATION.includes(text[end] as string)) {
    end++;
  }
  return end;
}

/** By hand: a regular expression runs out of stack on strings of some megabytes. */
function endOfString(text: string, start: number): number {
  let end = start + 1;
  while (end < text.length && text[end] !== '"') end += text[end] === '\\' ? 2 : 1;
  return end + 1;
}
