import type { BranchKind, BranchNode, Node } from './ast.ts';
import { Cursor } from './cursor.ts';
import { lex } from './lexer.ts';
import { parsePipeline } from './pipelineParser.ts';

export interface ParseOptions {
  /** Whether a function of that name exists. */
  knows(name: string): boolean;
  /** What becomes of text outside of actions. */
  literal(piece: string): string;
}

/** Go's words for templates within templates, which a command line has no use for. */
const REFUSED: readonly string[] = ['define', 'template', 'block'];

/** @throws ERR_RCX_TEMPLATE with the place of what is wrong */
export function parse(text: string, { knows, literal }: ParseOptions): Node[] {
  const cursor = new Cursor(text, lex(text, literal), knows);
  const { nodes, stop, at } = parseList(cursor);
  if (stop !== 'end of template') throw cursor.fail(at, `{{${stop}}} without {{if}}, {{with}} or {{range}}`);
  return nodes;
}

interface NodeList {
  nodes: Node[];
  /** What it ends with; an `else` may go on in the same action. */
  stop: 'end' | 'else' | 'end of template';
  at: number;
}

function parseList(cursor: Cursor): NodeList {
  const nodes: Node[] = [];
  while (!cursor.sees('end')) {
    const token = cursor.next();
    if (token.type === 'text') {
      nodes.push({ kind: 'text', text: token.text });
      continue;
    }
    const { type, text: word, at } = cursor.peek();
    const stop = type === 'name' && (word === 'end' || word === 'else') ? word : undefined;
    if (stop === undefined) {
      nodes.push(parseAction(cursor));
      continue;
    }
    cursor.next();
    if (stop === 'end') cursor.expectClose('end');
    return { nodes, stop, at };
  }
  return { nodes, stop: 'end of template', at: cursor.peek().at };
}

function parseAction(cursor: Cursor): Node {
  const { type, text: word, at } = cursor.peek();
  if (type === 'name') {
    if (word === 'if' || word === 'with' || word === 'range') {
      cursor.next();
      return cursor.nested(at, () => parseBranch(cursor, word, at));
    }
    if (word === 'break' || word === 'continue') {
      cursor.next();
      cursor.expectClose(word);
      if (cursor.ranges === 0) throw cursor.fail(at, `{{${word}}} outside of {{range}}`);
      return { kind: word };
    }
    if (REFUSED.includes(word)) throw cursor.fail(at, `{{${word}}} is not supported`);
  }
  return { kind: 'print', pipeline: parsePipeline(cursor, 'command') };
}

function parseBranch(cursor: Cursor, kind: BranchKind, at: number): BranchNode {
  const outside = cursor.variables.length;
  const pipeline = parsePipeline(cursor, kind);
  const inRange = kind === 'range' ? 1 : 0;
  cursor.ranges += inRange;
  const { nodes: body, stop } = parseList(cursor);
  cursor.ranges -= inRange;
  if (stop === 'end of template') throw cursor.fail(at, `{{${kind}}} without {{end}}`);
  const otherwise = stop === 'else' ? parseElse(cursor, kind, at) : [];
  cursor.variables.length = outside;
  return { kind, pipeline, body, otherwise };
}

/** After the word `else`: a list up to its `{{end}}`, or the same kind of branch again, whose end is this one's, too. */
function parseElse(cursor: Cursor, kind: BranchKind, at: number): Node[] {
  const again = cursor.peek();
  if (kind !== 'range' && again.type === 'name' && again.text === kind) {
    cursor.next();
    return [cursor.nested(again.at, () => parseBranch(cursor, kind, again.at))];
  }
  cursor.expectClose(`else of ${kind}`);
  const { nodes, stop } = parseList(cursor);
  if (stop !== 'end') throw cursor.fail(at, `{{${kind}}} with two {{else}}, or without {{end}}`);
  return nodes;
}
