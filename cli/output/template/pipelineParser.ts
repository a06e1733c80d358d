import { quote } from '../../../ts/oci/quote.ts';
import type { Command, Operand, Pipeline } from './ast.ts';
import type { Cursor } from './cursor.ts';
import { readNumber, readString } from './literals.ts';
import { Text } from './values.ts';

const PARENTHESES = 'parentheses';

/**
 * `$x := command | command`, up to its `}}` or `)`, which is passed.
 * @param context what it belongs to, for errors: `range`, `command`
 */
export function parsePipeline(cursor: Cursor, context: string): Pipeline {
  const { at } = cursor.peek();
  const { variables, assigns } = parseDeclaration(cursor, context);
  const commands: Command[] = [];
  const isEnd = () => (context === PARENTHESES ? cursor.sees('mark', ')') : cursor.sees('close'));
  while (!isEnd()) {
    if (context === PARENTHESES && cursor.sees('close')) throw cursor.fail(at, 'a ( without its )');
    const command = parseCommand(cursor, context);
    if (commands.length > 0 && !isExecutable(command.first)) {
      throw cursor.fail(command.at, 'only a function or a method can stand after a |');
    }
    commands.push(command);
  }
  cursor.next();
  if (commands.length === 0) throw cursor.fail(at, `a value is missing in ${context}`);
  return { at, variables, assigns, commands };
}

function parseDeclaration(cursor: Cursor, context: string): Pick<Pipeline, 'variables' | 'assigns'> {
  const variables: string[] = [];
  while (cursor.sees('variable')) {
    const after = cursor.peek(1);
    const ends = after.text === ':=' || after.text === '=';
    if (after.type !== 'mark' || !(ends || after.text === ',')) break;
    variables.push(cursor.next().text);
    cursor.next();
    if (ends) {
      cursor.variables.push(...variables);
      return { variables, assigns: after.text === '=' };
    }
    if (context !== 'range' || variables.length > 1) throw cursor.fail(after.at, `too many variables in ${context}`);
  }
  if (variables.length > 0) throw cursor.unexpected(`the variables of ${context}`);
  return { variables, assigns: false };
}

function isExecutable({ kind }: Operand): boolean {
  return kind !== 'constant' && kind !== 'dot' && kind !== 'nil';
}

function parseCommand(cursor: Cursor, context: string): Command {
  const { at } = cursor.peek();
  const operands: Operand[] = [];
  for (;;) {
    operands.push(parseOperand(cursor, context));
    if (cursor.sees('close') || cursor.sees('mark', ')')) break;
    if (cursor.sees('mark', '|')) {
      cursor.next();
      break;
    }
    if (!cursor.peek().spaced) throw cursor.unexpected(context);
  }
  const [first, ...args] = operands as [Operand, ...Operand[]];
  return { at, first, args };
}

/** A term and the fields that follow it without a space; a field alone is one of the dot. */
function parseOperand(cursor: Cursor, context: string): Operand {
  const { at } = cursor.peek();
  const isField = cursor.sees('field');
  const of: Operand = isField ? { kind: 'dot', at } : parseTerm(cursor, context);
  const names = isField ? [cursor.next().text.slice(1)] : [];
  while (cursor.sees('field') && !cursor.peek().spaced) names.push(cursor.next().text.slice(1));
  if (names.length === 0) return of;
  if (!isField && !isExecutable(of)) throw cursor.fail(at, 'a constant has no fields');
  return { kind: 'chain', at, of, names };
}

function parseTerm(cursor: Cursor, context: string): Operand {
  const { type, text, at } = cursor.peek();
  if (type === 'mark' && text === '(') {
    cursor.next();
    const pipeline = cursor.nested(at, () => parsePipeline(cursor, PARENTHESES));
    return { kind: 'pipeline', at, pipeline };
  }
  const term = ((): Operand | undefined => {
    if (type === 'dot') return { kind: 'dot', at };
    if (type === 'variable') return parseVariable(cursor, text, at);
    if (type === 'name') return parseName(cursor, text, at);
    if (type === 'number') return { kind: 'constant', at, value: cursor.at(at, () => readNumber(text)) };
    if (type === 'string') return { kind: 'constant', at, value: new Text(cursor.at(at, () => readString(text))) };
    return undefined;
  })();
  if (term === undefined) throw cursor.unexpected(context);
  cursor.next();
  return term;
}

function parseVariable(cursor: Cursor, name: string, at: number): Operand {
  if (!cursor.variables.includes(name)) throw cursor.fail(at, `there is no variable ${quote(name)}`);
  return { kind: 'variable', at, name };
}

function parseName(cursor: Cursor, name: string, at: number): Operand {
  if (name === 'true' || name === 'false') return { kind: 'constant', at, value: name === 'true' };
  if (name === 'nil') return { kind: 'nil', at };
  if (!cursor.knows(name)) {
    const hint = /^\p{Lu}/u.test(name) ? `a field is written with a dot: .${name}` : undefined;
    throw cursor.fail(at, `there is no function ${quote(name)}`, hint);
  }
  return { kind: 'function', at, name };
}
