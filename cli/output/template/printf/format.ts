import { Fault } from '../errors.ts';
import {
  isInteger,
  isList,
  isNil,
  isObject,
  isText,
  MISSING,
  mapText,
  Real,
  raw,
  shown,
  sortedEntries,
  type TextOf,
  typeName,
  type Words,
} from '../values.ts';
import { type Directive, fill, fillNumber, PLAIN, signOf } from './directive.ts';
import { characterOf, quoteCharacter, quoteString } from './quote.ts';
import { realDigits } from './real.ts';

/** How a value is printed that an action asks for. */
export function printed(value: unknown): string {
  return value === MISSING ? '<no value>' : format(value, PLAIN, shown);
}

/**
 * A value by one directive of `printf`; the elements of lists and maps each by the same. As in Go a verb that does not fit
 * the value is shown in the text, `%!d(string=x)`.
 * @param text what is taken of the value's strings
 */
export function format(value: unknown, directive: Directive, text: TextOf): string {
  if (isNil(value)) return directive.verb === 'v' ? fill('<nil>', directive) : `%!${directive.verb}(<nil>)`;
  // Nil has no verb inside of something else.
  const element = (each: unknown) => (isNil(each) ? '<nil>' : format(each, directive, text));
  if (isList(value)) return `[${value.map(element).join(' ')}]`;
  if (isObject(value)) {
    const members = sortedEntries(value).map(([key, each]) => `${format(key, directive, text)}:${element(each)}`);
    return `map[${members.join(' ')}]`;
  }
  return formatScalar(value, directive, text) ?? badVerb(value, directive, text);
}

/** @returns undefined when the verb does not fit */
function formatScalar(value: unknown, directive: Directive, text: TextOf): string | undefined {
  if (isText(value)) return formatText(value, directive, text);
  if (isInteger(value)) return formatInteger(value, directive);
  if (typeof value === 'number') return formatReal(value, directive);
  if (value instanceof Real) return formatReal(value.value, directive);
  return /[tv]/.test(directive.verb) ? fill(String(value), directive) : undefined;
}

function badVerb(value: unknown, directive: Directive, text: TextOf): string {
  return `%!${directive.verb}(${typeName(value)}=${format(value, { ...directive, verb: 'v' }, text)})`;
}

function formatText(words: Words, directive: Directive, text: TextOf): string | undefined {
  const { verb, precision } = directive;
  const cut = (whole: string) => (precision === undefined ? whole : [...whole].slice(0, precision).join(''));
  switch (verb) {
    case 'v':
    case 's':
      return fill(text(mapText(words, cut)), directive);
    case 'q':
      // Escaped already.
      return fill(quoteString(cut(raw(words))), directive);
    case 'x':
    case 'X': {
      const hex = Buffer.from(raw(words)).subarray(0, precision).toString('hex');
      return fill(verb === 'X' ? hex.toUpperCase() : hex, directive);
    }
    default:
      return undefined;
  }
}

const BASES: Record<string, number> = { v: 10, d: 10, b: 2, o: 8, x: 16, X: 16 };

function formatInteger(value: number, directive: Directive): string | undefined {
  const { verb, precision } = directive;
  // A control character that a number of the data stands for is not sent either.
  if (verb === 'c') return fill(shown(characterOf(value)), directive);
  if (verb === 'q') return fill(quoteCharacter(value), directive);
  const base = BASES[verb];
  if (base === undefined) return undefined;
  if (precision === 0 && value === 0) return fill('', { ...directive, zero: false });
  const digits = BigInt(Math.abs(value)).toString(base);
  const padded = (verb === 'X' ? digits.toUpperCase() : digits).padStart(precision ?? 0, '0');
  // A precision says how many digits there are: then the width is no longer filled with them.
  const zero = directive.zero && precision === undefined;
  return fillNumber(signOf(value < 0, directive), padded, { ...directive, zero });
}

function formatReal(value: number, directive: Directive): string | undefined {
  const { verb, precision } = directive;
  if (/[bxX]/.test(verb)) throw new Fault(`printf: %${verb} of a fraction is not supported`);
  if (!/[vgGeEfF]/.test(verb)) return undefined;
  const kind = verb === 'v' ? 'g' : verb.toLowerCase();
  const digits = realDigits(Math.abs(value), kind, precision ?? (kind === 'g' ? undefined : 6));
  const sign = signOf(value < 0 || Object.is(value, -0), directive);
  return fillNumber(sign, /[GE]/.test(verb) ? digits.toUpperCase() : digits, directive);
}
