import { writeSync } from 'node:fs';
import { RcxError } from '../../ts/errors.ts';
import { toRcxError } from '../../ts/store/nativeError.ts';
import { report } from './errors.ts';
import { FAILURE } from './failures.ts';

const STDOUT = 1;

/**
 * Writes a line to stdout. Never follow it with `process.exit`: what a slow reader of a pipe has not taken yet would be lost.
 */
export function print(line: string): void {
  write(`${line}\n`);
}

let streamed = false;
let failed = false;

/** Whether nobody reads what is printed any more: what goes on without end can end. */
export function isGone(): boolean {
  return failed;
}

/** Writes text to stdout as it is. */
export function write(text: string): void {
  if (failed || text === '') return;
  if (streamed) process.stdout.write(text);
  else writeAtOnce(Buffer.from(text));
}

/** Without Node's stream for stdout, which takes two milliseconds to make: a tenth of what many commands take. */
function writeAtOnce(bytes: Buffer): void {
  try {
    let rest = bytes;
    while (rest.length > 0) {
      const written = writeUnlessFull(rest);
      if (written === undefined) break;
      rest = rest.subarray(written);
    }
    if (rest.length > 0) writeStreamed(rest);
  } catch (error) {
    onError(error as NodeJS.ErrnoException);
  }
}

/** @returns undefined when the reader of a pipe that somebody made non-blocking has not taken what is in it */
function writeUnlessFull(bytes: Buffer): number | undefined {
  try {
    return writeSync(STDOUT, bytes);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}

/** It waits for the reader. What comes after has to wait behind it. */
function writeStreamed(bytes: Buffer): void {
  streamed = true;
  process.stdout.on('error', onError);
  process.stdout.write(bytes);
}

/** A reader that has seen enough, as `head` has, is no failure. */
function onError(cause: NodeJS.ErrnoException): void {
  if (failed) return;
  failed = true;
  if (cause.code === 'EPIPE') return;
  const { errno } = toRcxError(cause, 'ERR_RCX_OUTPUT');
  const details = { code: 'ERR_RCX_OUTPUT', step: 'write the output', errno, cause };
  report(new RcxError(`write the output: stdout: ${cause.message}`, details), false);
  process.exitCode = FAILURE;
}
