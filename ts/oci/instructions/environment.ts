import type { Failure, Instruction } from './instruction.ts';
import type { Piece } from './pieces.ts';
import { type Lookup, ShellText } from './shellText.ts';

/**
 * UTF-16 units of values that one instruction may use: `ENV A=$A$A`, repeated, would fill any memory. The kernel takes
 * 128 KiB for one variable (MAX_ARG_STRLEN).
 */
const MOST_EXPANDED = 2 ** 20;

/** What expands an instruction's text with the variables of a config's `Env`; errors are the instruction's. */
export function expander(env: readonly string[] | undefined, { fail }: Instruction): (text: string) => Piece[] {
  const variables = lookup(env ?? [], fail);
  return (text) => ShellText.read(text, variables, fail);
}

/**
 * `env` with one variable set: at its place if it was there, else at the end. A second entry of the same name, which
 * would undo the change where the last one counts, goes away.
 */
export function withVariable(env: readonly string[], name: string, value: string): string[] {
  const entry = `${name}=${value}`;
  const first = env.findIndex((each) => nameOf(each) === name);
  if (first === -1) return [...env, entry];
  return env.flatMap((each, index) => (index === first ? [entry] : nameOf(each) === name ? [] : [each]));
}

/** An entry without `=` is a variable that is empty; of two with the same name the last one counts. */
function lookup(env: readonly string[], fail: Failure): Lookup {
  let left = MOST_EXPANDED;
  const values = new Map(env.map((entry) => [nameOf(entry), entry.slice(nameOf(entry).length + 1)]));
  return (name) => {
    const value = values.get(name);
    left -= value?.length ?? 0;
    if (left < 0) throw fail(`its variables hold more than ${MOST_EXPANDED} characters`, 'use shorter values.');
    return value;
  };
}

function nameOf(entry: string): string {
  const equals = entry.indexOf('=');
  return equals === -1 ? entry : entry.slice(0, equals);
}
