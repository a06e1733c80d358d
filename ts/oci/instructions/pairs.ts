import { quote } from '../quote.ts';
import { expander, withVariable } from './environment.ts';
import type { Apply, Instruction } from './instruction.ts';
import { join } from './pieces.ts';
import { quotedWords } from './quotedWords.ts';
import { withMembers } from './record.ts';
import { splitFirst } from './space.ts';

/**
 * `ENV NAME=value …`, or `ENV NAME value` where the value is the whole rest. All of one ENV see the variables as they
 * were before it.
 */
export const env: Apply = ({ config }, instruction) => {
  const pairs = readPairs(instruction, config.Env);
  for (const [name] of pairs) {
    if (name.includes('=')) throw instruction.fail(`the name ${quote(name)} contains "="`);
  }
  return { ...config, Env: pairs.reduce((all, [name, value]) => withVariable(all, name, value), config.Env ?? []) };
};

/** `LABEL name=value …`, or `LABEL name value`. */
export const label: Apply = ({ config }, instruction) => {
  return { ...config, Labels: withMembers(config.Labels, readPairs(instruction, config.Env)) };
};

function readPairs(instruction: Instruction, variables: readonly string[] | undefined): [string, string][] {
  const expand = expander(variables, instruction);
  return writtenPairs(instruction).map(([writtenName, value]) => {
    const name = join(expand(writtenName));
    if (name === '') throw instruction.fail('a name is empty');
    return [name, join(expand(value))];
  });
}

/**
 * Names and values with their quotes and variables. The first word decides: without a `=` in it, the older form is meant.
 * @throws ERR_RCX_INVALID_CHANGE where there is a name without value
 */
export function writtenPairs(instruction: Instruction): [string, string][] {
  const words = quotedWords(instruction.rest);
  return words[0]?.includes('=') ? words.map((word) => cut(word, instruction)) : [older(instruction)];
}

function cut(word: string, { fail }: Instruction): [string, string] {
  const equals = word.indexOf('=');
  if (equals === -1) throw fail(`${quote(word)} has no "="`);
  return [word.slice(0, equals), word.slice(equals + 1)];
}

function older({ rest, fail }: Instruction): [string, string] {
  const [name, value] = splitFirst(rest);
  if (value === '') throw fail(`${quote(name)} has no value`);
  return [name, value];
}
