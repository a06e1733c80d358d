import { failureCode } from '../../ts/container/launch.ts';
import { RcxError } from '../../ts/errors.ts';

/** Docker's exit code for its own failures, wrong flags included. */
export const USAGE_ERROR = 125;

/**
 * Prints an error as one line that says what, where and what to do.
 * @returns the exit code
 */
export function report(error: unknown, debug: boolean): number {
  const lines = error instanceof AggregateError ? error.errors : [error];
  for (const each of lines) process.stderr.write(`${debug ? trace(each) : line(each)}\n`);
  return error instanceof RcxError ? failureCode(error) : USAGE_ERROR;
}

function line(error: unknown): string {
  return `rcx: ${explain(error)}`;
}

/** What, where, and what to do, without rcx' name in front. */
export function explain(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof RcxError && error.hint !== undefined ? `; ${error.hint}` : '';
  return printable(`${message}${hint}`);
}

function trace(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

/** Names come from registries and images: what a terminal would obey is shown, not sent. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`);
}
