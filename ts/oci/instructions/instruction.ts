import { RcxError } from '../../errors.ts';
import { plain, quote } from '../quote.ts';
import type { ExecutionConfig } from '../types.ts';
import { firstQuotedWord } from './quotedWords.ts';
import { splitFirst, trimSpace } from './space.ts';
import { USAGE } from './usage.ts';

/** Makes the error of one instruction; without a hint the reader is told how the instruction is written. */
export type Failure = (problem: string, hint?: string) => RcxError;

/** One instruction of a Dockerfile, taken apart as far as all have it in common. */
export interface Instruction {
  /** In capitals: `ENV`. */
  keyword: string;
  /** What begins with two hyphens between the keyword and the rest, without quotes: `--interval=5s`. */
  flags: string[];
  /** What is left, without white space at the ends. */
  rest: string;
  /** ERR_RCX_INVALID_CHANGE, naming this instruction. */
  fail: Failure;
}

/** What instructions act upon. */
export interface ConfigState {
  readonly config: ExecutionConfig;
  /** Whether a CMD that is not empty was among the instructions so far; ENTRYPOINT then leaves it alone. */
  readonly cmdSet: boolean;
}

/** Carries one kind of instruction out: the config it makes, which shares what is unchanged with the one before. */
export type Apply = (state: ConfigState, instruction: Instruction) => ExecutionConfig;

/** Reads one line of {@link logicalLines}. */
export function readInstruction(line: string): Instruction {
  const text = trimSpace(line);
  const [written, behind] = splitFirst(text);
  const { flags, rest } = splitFlags(behind);
  const keyword = written.toUpperCase();
  return { keyword, flags, rest, fail: failure(text, keyword) };
}

/** The error of `text`, a whole instruction with this keyword. */
export function failure(text: string, keyword: string): Failure {
  const usage = USAGE.get(keyword);
  const usual = usage === undefined ? `a change is one of ${[...USAGE.keys()].join(', ')}.` : `write it as ${usage}.`;
  return (problem, hint = usual) =>
    new RcxError(`invalid change ${quote(text)}: ${problem}`, {
      code: 'ERR_RCX_INVALID_CHANGE',
      step: 'apply change',
      path: plain(text),
      hint,
    });
}

/** A bare `--` ends the flags, as everywhere. */
function splitFlags(text: string): { flags: string[]; rest: string } {
  const flags: string[] = [];
  let rest = trimSpace(text);
  while (rest.startsWith('--')) {
    const [word, behind] = firstQuotedWord(rest);
    rest = trimSpace(behind);
    if (word === '--') break;
    flags.push(word.replace(/\\(.?)|["']/gs, '$1'));
  }
  return { flags, rest };
}
