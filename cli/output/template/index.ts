import { RcxError } from '../../../ts/errors.ts';
import { formatJson } from '../json.ts';
import type { Node } from './ast.ts';
import type { Run } from './evaluate.ts';
import { executeList } from './execute.ts';
import type { FunctionTable } from './functions/call.ts';
import { FUNCTIONS, HEADER_FUNCTIONS } from './functions/index.ts';
import { parse } from './parser.ts';

/** Turns a value into the text that a template asks for. @throws ERR_RCX_TEMPLATE when the value does not have it */
export type Template = (value: unknown) => string;

/** A line of a list, and the one above it that names its columns. */
export interface RowTemplate {
  row: Template;
  /** Of names by field; what fails for them, and not for rows, ends the line early. */
  header: Template;
}

/**
 * The part of Go's text/template that Docker's `--format` is used with, and Docker's functions. Control characters of the
 * value are escaped; those of the template are printed. `json` alone is the value as JSON.
 * @throws ERR_RCX_TEMPLATE with the place of what is wrong
 */
export function parseTemplate(text: string): Template {
  if (text === 'json') return (value) => formatJson(value, 0);
  const nodes = parse(text, { knows, literal: (piece) => piece });
  return (value) => render(newRun(text, value, FUNCTIONS), value, nodes);
}

/**
 * The same for lists, where Docker takes `\t` and `\n` outside of actions for a tab and a line break.
 * @throws ERR_RCX_TEMPLATE
 */
export function parseRowTemplate(text: string): RowTemplate {
  const literal = (piece: string) => piece.replaceAll('\\t', '\t').replaceAll('\\n', '\n');
  const nodes = parse(text, { knows, literal });
  return {
    row: (value) => render(newRun(text, value, FUNCTIONS), value, nodes),
    header: (names) => {
      const run = newRun(text, names, HEADER_FUNCTIONS);
      try {
        return render(run, names, nodes);
      } catch (error) {
        if (error instanceof RcxError) return run.out.join('');
        throw error;
      }
    },
  };
}

function knows(name: string): boolean {
  return FUNCTIONS.has(name);
}

function newRun(text: string, value: unknown, functions: FunctionTable): Run {
  return { text, functions, variables: [{ name: '$', value }], out: [] };
}

function render(run: Run, value: unknown, nodes: readonly Node[]): string {
  executeList(run, value, nodes);
  return run.out.join('');
}
