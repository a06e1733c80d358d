import { failureCode } from '../container/launch.ts';
import { RcxError, type RcxErrorDetails } from '../errors.ts';

/** Exit code of a container whose end nobody has seen. */
export const UNKNOWN = 255;

/** How a program ended. */
export interface ExitResult {
  /** The program's own, or 128 + n for signal n; of one that could not be run 127, 126 or 125, as Docker's command line has it. */
  exitCode: number;
  /** Name of the signal that killed it. */
  signal?: NodeJS.Signals | undefined;
  /** It had no more time, and was killed. */
  timedOut: boolean;
  /** It was aborted by a signal, and killed if it ran. */
  isCanceled: boolean;
  /** It had written more than `maxBuffer`, and was killed. */
  isMaxBuffer: boolean;
  /** The kernel has killed a process of the container for want of memory. */
  oomKilled: boolean;
  /** Milliseconds from the call to the end. */
  durationMs: number;
}

/** How a program ended, and what it wrote. */
export interface RunResult<Output extends string | Buffer = string> extends ExitResult {
  /** Empty where the stream was not piped to this process. */
  stdout: Output;
  stderr: Output;
}

/** A program that was not run to its own end, or could not be run: with all that a result has. */
export class RunError extends RcxError implements RunResult<string | Buffer> {
  readonly exitCode: number;
  readonly signal: NodeJS.Signals | undefined;
  readonly timedOut: boolean;
  readonly isCanceled: boolean;
  readonly isMaxBuffer: boolean;
  readonly oomKilled: boolean;
  readonly durationMs: number;
  readonly stdout: string | Buffer;
  readonly stderr: string | Buffer;

  constructor(message: string, details: RcxErrorDetails, result: RunResult<string | Buffer>) {
    super(message, details);
    this.exitCode = result.exitCode;
    this.signal = result.signal;
    this.timedOut = result.timedOut;
    this.isCanceled = result.isCanceled;
    this.isMaxBuffer = result.isMaxBuffer;
    this.oomKilled = result.oomKilled;
    this.durationMs = result.durationMs;
    this.stdout = result.stdout;
    this.stderr = result.stderr;
  }
}

/** What was written so far. */
export interface Written {
  stdout: string | Buffer;
  stderr: string | Buffer;
}

export const NOTHING_WRITTEN: Written = { stdout: '', stderr: '' };

/** Why a program was ended by its caller, if it was. @param subject what was run */
export function cutShort(subject: string, result: ExitResult, written: Written): RunError | undefined {
  const reason = REASONS.find(([applies]) => result[applies]);
  if (reason === undefined) return undefined;
  const [, code, words] = reason;
  return new RunError(`run ${subject}: ${words}`, { code, step: 'run', path: subject }, { ...result, ...written });
}

const REASONS = [
  ['isCanceled', 'ERR_RCX_ABORTED', 'it was aborted'],
  ['timedOut', 'ERR_RCX_TIMEOUT', 'it had no more time, and was killed'],
  ['isMaxBuffer', 'ERR_RCX_MAX_BUFFER', 'it wrote more than maxBuffer allows, and was killed'],
] as const;

/** The same error with all that a result has. */
export function withResult(error: RcxError, result: Omit<ExitResult, 'exitCode'>, written: Written): RunError {
  const { code, step, path, errno, hint } = error;
  const whole = { ...result, ...written, exitCode: failureCode(error) };
  return new RunError(error.message, { code, step, path, errno, hint, cause: error.cause }, whole);
}
