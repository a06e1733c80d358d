import { Fault } from '../errors.ts';
import { isInteger, isList, isNil, isText, typeName } from '../values.ts';

const PARAMETERS = {
  any: () => true,
  string: isText,
  int: isInteger,
  // A list that is nil is an empty one.
  strings: (value: unknown) => isNil(value) || (isList(value) && value.every(isText)),
} satisfies Record<string, (value: unknown) => boolean>;

const NAMES: Record<Parameter, string> = { any: 'any', string: 'string', int: 'int', strings: '[]string' };

type Parameter = keyof typeof PARAMETERS;

export interface TemplateFunction {
  parameters: readonly Parameter[];
  /** Type of any number of further arguments. */
  rest?: Parameter;
  /** An argument with that truth is the result, and those after it are not evaluated. */
  stopsAt?: boolean;
  /** Is given arguments of these types only. */
  body(...args: readonly unknown[]): unknown;
}

export type FunctionTable = ReadonlyMap<string, TemplateFunction>;

/**
 * Calls a function of templates.
 * @throws Fault when number or types of the arguments are wrong
 */
export function call(name: string, { parameters, rest, body }: TemplateFunction, args: readonly unknown[]): unknown {
  if (args.length < parameters.length || (args.length > parameters.length && rest === undefined)) {
    const atLeast = rest === undefined ? '' : 'at least ';
    const plural = parameters.length === 1 ? '' : 's';
    throw new Fault(`${name} takes ${atLeast}${parameters.length} argument${plural}, not ${args.length}`);
  }
  args.forEach((value, index) => {
    const wanted = parameters[index] ?? rest ?? 'any';
    if (PARAMETERS[wanted](value)) return;
    throw new Fault(`argument ${index + 1} of ${name} must be of type ${NAMES[wanted]}, not ${typeName(value)}`);
  });
  return body(...args);
}
