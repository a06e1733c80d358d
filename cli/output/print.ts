import { RcxError } from '../../ts/errors.ts';
import { toRcxError } from '../../ts/store/nativeError.ts';
import { report } from './errors.ts';
import { FAILURE } from './failures.ts';

/**
 * Writes a line to stdout. Never follow it with `process.exit`: what a slow reader of a pipe has not taken yet would be lost.
 */
export function print(line: string): void {
  write(`${line}\n`);
}

let guarded = false;

/** Writes text to stdout as it is. */
export function write(text: string): void {
  if (text === '') return;
  if (!guarded) process.stdout.on('error', onError);
  guarded = true;
  process.stdout.write(text);
}

/** A reader that has seen enough, as `head` has, is no failure. */
function onError(cause: NodeJS.ErrnoException): void {
  if (cause.code === 'EPIPE') return;
  const { errno } = toRcxError(cause, 'ERR_RCX_OUTPUT');
  const details = { code: 'ERR_RCX_OUTPUT', step: 'write the output', errno, cause };
  report(new RcxError(`write the output: stdout: ${cause.message}`, details), false);
  process.exitCode = FAILURE;
}
