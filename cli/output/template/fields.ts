import { quote } from '../../../ts/oci/quote.ts';
import { Fault } from './errors.ts';
import { isMethod, isNil, isObject, isText, MISSING, raw, typeName } from './values.ts';

/** How many names an error lists. */
const MOST_NAMES = 20;
/** A field of a Go struct that a template can see. */
const FIELD_NAME = /^\p{Lu}[\p{L}\p{Nd}_]*$/u;

/**
 * Whether an object is what Docker keeps in a map, such as labels, and not in a struct. Both are plain objects here, so it is
 * told by the names: a struct has at least one, and all of them are those of Go's exported fields. The difference is what a
 * name gives that is not there: nothing in a map, an error in a struct, where it must be a mistake. Labels that all happen
 * to be named like fields are taken for a struct by `.Labels.x`; `index .Labels "x"` takes every object for a map.
 */
export function isMap(object: Record<string, unknown>): boolean {
  const names = Object.keys(object);
  return names.length === 0 || !names.every((name) => FIELD_NAME.test(name));
}

/**
 * What `value.name` is.
 * @param args of a method; none for a field
 * @throws Fault for a name that a struct does not have
 */
export function field(value: unknown, name: string, args: readonly unknown[]): unknown {
  if (value === MISSING) return MISSING;
  if (isNil(value)) throw new Fault(`${quote(name)} is asked of what is null`);
  if (!isObject(value)) throw new Fault(`there is no field ${quote(name)} in a value of type ${typeName(value)}`);
  const member = Object.hasOwn(value, name) ? value[name] : MISSING;
  if (isMethod(member)) {
    const [argument] = args;
    if (args.length !== 1 || !isText(argument)) throw new Fault(`${name} takes one string`);
    return member(raw(argument));
  }
  if (args.length > 0) throw new Fault(`${quote(name)} is no method and takes no argument`);
  if (member !== MISSING) return member ?? null;
  if (isMap(value)) return MISSING;
  throw new Fault(`there is no field ${quote(name)}`, namesOf(value));
}

function namesOf(object: Record<string, unknown>): string {
  const names = Object.keys(object).sort();
  const more = names.length > MOST_NAMES ? ` and ${names.length - MOST_NAMES} more` : '';
  return `there are ${names.slice(0, MOST_NAMES).join(', ')}${more}`;
}
