import { quote } from '../../../ts/oci/quote.ts';
import type { Command, Operand, Pipeline } from './ast.ts';
import { Fault, located } from './errors.ts';
import { field } from './fields.ts';
import { call, type FunctionTable } from './functions/call.ts';
import { isTrue, MISSING } from './values.ts';

/** One use of a template. */
export interface Run {
  /** The template, for the places of errors. */
  text: string;
  functions: FunctionTable;
  /** Those declared last are last; an inner one hides an outer one of the same name. */
  variables: Variable[];
  /** What has been printed. */
  out: string[];
}

export interface Variable {
  name: string;
  value: unknown;
}

/** The value of a pipeline, which the variables that it declares have from then on. */
export function evaluatePipeline(run: Run, dot: unknown, pipeline: Pipeline): unknown {
  let piped: readonly unknown[] = [];
  for (const command of pipeline.commands) {
    piped = [located(run.text, command.at, () => evaluateCommand(run, dot, command, piped))];
  }
  const [value] = piped;
  for (const name of pipeline.variables) {
    if (pipeline.assigns) located(run.text, pipeline.at, () => setVariable(run, name, value));
    else run.variables.push({ name, value });
  }
  return value;
}

/** Sets the variable that was declared last under that name. */
export function setVariable(run: Run, name: string, value: unknown): void {
  findVariable(run, name).value = value;
}

function findVariable({ variables }: Run, name: string): Variable {
  const found = variables.findLast((variable) => variable.name === name);
  // The parser knows a variable of a body in its `else`, too.
  if (found === undefined) throw new Fault(`there is no variable ${quote(name)} here`);
  return found;
}

/** @param piped the value before the `|`, which becomes the last argument */
function evaluateCommand(run: Run, dot: unknown, { first, args }: Command, piped: readonly unknown[]): unknown {
  if (first.kind === 'function') return evaluateCall(run, dot, first.name, args, piped);
  if (first.kind === 'chain') {
    const values = [...args.map((operand) => evaluateOperand(run, dot, operand)), ...piped];
    return evaluateChain(run, dot, first, values);
  }
  if (first.kind === 'nil') throw new Fault('nil is not a command');
  if (args.length > 0 || piped.length > 0) throw new Fault('an argument is given to what is no function');
  return evaluateOperand(run, dot, first);
}

function evaluateOperand(run: Run, dot: unknown, operand: Operand): unknown {
  switch (operand.kind) {
    case 'constant':
      return operand.value;
    case 'nil':
      return MISSING;
    case 'dot':
      return dot;
    case 'variable':
      return located(run.text, operand.at, () => findVariable(run, operand.name).value);
    case 'pipeline':
      return evaluatePipeline(run, dot, operand.pipeline);
    case 'function':
      return located(run.text, operand.at, () => evaluateCall(run, dot, operand.name, [], []));
    case 'chain':
      return located(run.text, operand.at, () => evaluateChain(run, dot, operand, []));
  }
}

type Chain = Extract<Operand, { kind: 'chain' }>;

function evaluateChain(run: Run, dot: unknown, { of, names }: Chain, args: readonly unknown[]): unknown {
  const last = names.length - 1;
  return names.reduce(
    (value, name, index) => field(value, name, index === last ? args : []),
    evaluateOperand(run, dot, of),
  );
}

function evaluateCall(
  run: Run,
  dot: unknown,
  name: string,
  operands: readonly Operand[],
  piped: readonly unknown[],
): unknown {
  const called = run.functions.get(name);
  if (called === undefined) throw new Fault(`there is no function ${quote(name)}`);
  const args: unknown[] = [];
  for (const operand of operands) {
    const value = evaluateOperand(run, dot, operand);
    // The rest is not even looked at: {{and .A .A.B}}.
    if (called.stopsAt !== undefined && isTrue(value) === called.stopsAt) return value;
    args.push(value);
  }
  return call(name, called, [...args, ...piped]);
}
