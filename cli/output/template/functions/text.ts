import { formatJson } from '../../json.ts';
import { Fault } from '../errors.ts';
import { isMap } from '../fields.ts';
import { sprint, sprintf, sprintln } from '../printf/sprintf.ts';
import { compose, isList, isObject, isText, mapText, Real, raw, sortedEntries, Text, type Words } from '../values.ts';
import type { TemplateFunction } from './call.ts';

/** Most spaces that `pad` adds. */
const MOST_SPACES = 1e6;

/** The data that Go would encode: it sorts the members of maps, and leaves those of structs as they are. */
function plain(value: unknown): unknown {
  if (isText(value)) return raw(value);
  if (value instanceof Real) return value.value;
  if (isList(value)) return value.map(plain);
  if (!isObject(value)) return value;
  const members = isMap(value) ? sortedEntries(value) : Object.entries(value);
  return Object.fromEntries(members.map(([key, member]) => [key, plain(member)]));
}

function json(value: unknown): Text {
  const data = plain(value);
  // What has no JSON, such as a missing value, is nothing in Go.
  return new Text(['symbol', 'undefined', 'function'].includes(typeof data) ? 'null' : formatJson(data, 0));
}

/** Letter by letter, and only where there is one letter for it, as Go does. */
function changeLetters(words: Words, change: (letter: string) => string): Words {
  const one = (letter: string) => {
    const changed = change(letter);
    return [...changed].length === 1 ? changed : letter;
  };
  return mapText(words, (text) => Array.from(text, one).join(''));
}

const upper = (letter: string) => letter.toUpperCase();
const lower = (letter: string) => letter.toLowerCase();

/** What words end with in Go's `strings.Title`: every sign of ASCII, but of the others only white space. */
const SEPARATOR = /\s|(?!\w)[\0-\x7f]/;

/** The first letter of every word. */
function title(words: Words): Words {
  return mapText(words, (text) => {
    let before = ' ';
    return Array.from(text, (letter) => {
      const isFirst = SEPARATOR.test(before);
      before = letter;
      return isFirst ? raw(changeLetters(letter, upper)) : letter;
    }).join('');
  });
}

function pad(words: Words, before: number, after: number): Words {
  if (Math.min(before, after) < 0 || Math.max(before, after) > MOST_SPACES) {
    throw new Fault(`pad takes 0 to ${MOST_SPACES} spaces`);
  }
  return mapText(words, (text) => (text === '' ? '' : ' '.repeat(before) + text + ' '.repeat(after)));
}

/** Docker's `truncate` counts bytes. */
function truncate(words: Words, length: number): Words {
  if (length < 0) throw new Fault(`truncate to ${length}`);
  return mapText(words, (text) => {
    const bytes = Buffer.from(text);
    return bytes.length <= length ? text : bytes.subarray(0, length).toString();
  });
}

function split(words: Words, separator: Words): Words[] {
  const parts = (text: string) => (raw(separator) === '' ? [...text] : text.split(raw(separator)));
  if (typeof words === 'string') return parts(words);
  const shown = parts(words.shown);
  const all = parts(words.raw);
  // An escape may hold the separator, or the separator be escaped: then the parts of both are not the same ones.
  return all.length === shown.length ? all.map((part, index) => new Text(part, shown[index])) : all;
}

function join(list: readonly Words[] | null, separator: Words): Text {
  return compose((text) => (isList(list) ? list : []).map(text).join(text(separator)));
}

/** Functions that print, and those that Docker adds to Go's. */
export const TEXT_FUNCTIONS: Record<string, TemplateFunction> = {
  print: { parameters: [], rest: 'any', body: (...args) => sprint(args) },
  println: { parameters: [], rest: 'any', body: (...args) => sprintln(args) },
  printf: { parameters: ['string'], rest: 'any', body: (pattern: Words, ...args) => sprintf(pattern, args) },
  json: { parameters: ['any'], body: json },
  split: { parameters: ['string', 'string'], body: split },
  join: { parameters: ['strings', 'string'], body: join },
  title: { parameters: ['string'], body: title },
  lower: { parameters: ['string'], body: (words: Words) => changeLetters(words, lower) },
  upper: { parameters: ['string'], body: (words: Words) => changeLetters(words, upper) },
  pad: { parameters: ['string', 'int', 'int'], body: pad },
  truncate: { parameters: ['string', 'int'], body: truncate },
};
