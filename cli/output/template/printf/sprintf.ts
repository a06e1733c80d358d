import { Fault } from '../errors.ts';
import { compose, isNil, isText, shown, type Text, type TextOf, typeName, type Words } from '../values.ts';
import { type Directive, PLAIN } from './directive.ts';
import { format } from './format.ts';

const DIRECTIVE = /%([-+# 0]*)([0-9]*)(?:\.(?=[\s\S])([0-9]*))?([\s\S]?)/gu;
/** Flags, verbs, and widths and places of arguments, that Go knows and that nobody needs here. */
const REFUSED = /[# ]|\+.*q|[TpUOw*[]/;
/** Go's own limit to widths and precisions. */
const WIDEST = 1e6;

/** Go's `Sprintf`. @throws Fault for what of it is not supported */
export function sprintf(pattern: Words, args: readonly unknown[]): Text {
  return compose((text) => formatAll(text(pattern), args, text));
}

function formatAll(pattern: string, args: readonly unknown[], text: TextOf): string {
  let used = 0;
  const body = pattern.replace(
    DIRECTIVE,
    (whole, flags: string, width: string, precision: string | undefined, verb) => {
      if (verb === '%') return '%';
      if (verb === '') return '%!(NOVERB)';
      if (REFUSED.test(`${flags}${verb}`)) throw new Fault(`printf: ${shown(whole)} is not supported`);
      if (used >= args.length) return `%!${verb}(MISSING)`;
      used++;
      const directive: Directive = {
        verb,
        minus: flags.includes('-'),
        zero: flags.includes('0'),
        // With %v it asks for the names of a struct's fields, which a map shows anyway.
        plus: flags.includes('+') && verb !== 'v',
        width: limited(width),
        precision: precision === undefined ? undefined : limited(precision),
      };
      return format(args[used - 1], directive, text);
    },
  );
  if (used >= args.length) return body;
  const extra = args
    .slice(used)
    .map((value) => `${isNil(value) ? '' : `${typeName(value)}=`}${format(value, PLAIN, text)}`);
  return `${body}%!(EXTRA ${extra.join(', ')})`;
}

function limited(digits: string): number {
  const number = Number(digits);
  if (number > WIDEST) throw new Fault(`printf: a width goes up to ${WIDEST}`);
  return number;
}

/** Go's `Sprint`: spaces only between what is no string on either side. */
export function sprint(args: readonly unknown[]): Text {
  return compose((text) =>
    args
      .map((value, index) => {
        const isApart = index > 0 && !isText(value) && !isText(args[index - 1]);
        return `${isApart ? ' ' : ''}${format(value, PLAIN, text)}`;
      })
      .join(''),
  );
}

/** Go's `Sprintln`: a space between all, a line break at the end. */
export function sprintln(args: readonly unknown[]): Text {
  return compose((text) => `${args.map((value) => format(value, PLAIN, text)).join(' ')}\n`);
}
