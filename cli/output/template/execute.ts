import type { BranchNode, Node } from './ast.ts';
import { Fault, located } from './errors.ts';
import { evaluatePipeline, type Run, setVariable } from './evaluate.ts';
import { printed } from './printf/format.ts';
import { isInteger, isList, isNil, isObject, isTrue, sortedEntries, typeName } from './values.ts';

/** Most rounds of `{{range 5}}`. */
const MOST_ROUNDS = 1e6;

/** Why a list was not carried out to its end. */
type Jump = 'break' | 'continue' | undefined;

/** Prints what a piece of a template asks for to `run.out`. */
export function executeList(run: Run, dot: unknown, nodes: readonly Node[]): Jump {
  for (const node of nodes) {
    const jump = execute(run, dot, node);
    if (jump !== undefined) return jump;
  }
  return undefined;
}

function execute(run: Run, dot: unknown, node: Node): Jump {
  switch (node.kind) {
    case 'text':
      run.out.push(node.text);
      return undefined;
    case 'print': {
      const value = evaluatePipeline(run, dot, node.pipeline);
      if (node.pipeline.variables.length === 0) run.out.push(printed(value));
      return undefined;
    }
    case 'break':
    case 'continue':
      return node.kind;
    default:
      return executeBranch(run, dot, node);
  }
}

function executeBranch(run: Run, dot: unknown, node: BranchNode): Jump {
  const outside = run.variables.length;
  const value = evaluatePipeline(run, dot, node.pipeline);
  const jump = node.kind === 'range' ? executeRange(run, dot, node, value) : executeChoice(run, dot, node, value);
  run.variables.length = outside;
  return jump;
}

function executeChoice(run: Run, dot: unknown, { kind, body, otherwise }: BranchNode, value: unknown): Jump {
  if (!isTrue(value)) return executeList(run, dot, otherwise);
  return executeList(run, kind === 'with' ? value : dot, body);
}

function executeRange(run: Run, dot: unknown, node: BranchNode, value: unknown): Jump {
  const { pipeline, body, otherwise } = node;
  const rounds = located(run.text, pipeline.at, () => roundsOf(value, pipeline.variables.length));
  if (rounds.length === 0) return executeList(run, dot, otherwise);
  const inside = run.variables.length;
  for (const [index, element] of rounds) {
    // With one variable that is the element.
    const values = pipeline.variables.length > 1 ? [index, element] : [element];
    pipeline.variables.forEach((name, position) => {
      setVariable(run, name, values[position]);
    });
    const jump = executeList(run, element, body);
    run.variables.length = inside;
    if (jump === 'break') break;
  }
  return undefined;
}

function roundsOf(value: unknown, variables: number): (readonly [index: unknown, element: unknown])[] {
  if (isNil(value)) return [];
  if (isList(value)) return value.map((element, index) => [index, element]);
  if (isObject(value)) return sortedEntries(value).map(([key, element]) => [key, element]);
  if (isInteger(value)) {
    if (variables > 1) throw new Fault('a range over a number has one variable');
    if (value > MOST_ROUNDS) throw new Fault(`a range goes up to ${MOST_ROUNDS}`);
    return Array.from({ length: Math.max(0, value) }, (_, round) => [undefined, round]);
  }
  throw new Fault(`range cannot go through a value of type ${typeName(value)}`);
}
