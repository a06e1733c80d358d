import { Socket } from 'node:net';
import type { Readable } from 'node:stream';
import type { StdioPipes } from '../native/index.ts';
import type { ReadOutput } from './options/program.ts';
import { cutShort, type ExitResult, RunError, type RunResult, type Written } from './result.ts';
import { type Prepared, Session, type SessionOptions } from './session.ts';

/**
 * Runs a program, gives it its input and takes its output.
 * @param subject what is run, for messages
 * @throws RunError
 */
export async function collect(
  subject: string,
  prepare: (signal: AbortSignal) => Promise<Prepared>,
  times: SessionOptions,
  { input, encoding, maxBuffer, reject }: ReadOutput,
): Promise<RunResult<string | Buffer>> {
  const outputs: [Collector, Collector] = [new Collector(maxBuffer), new Collector(maxBuffer)];
  const written = (): Written => {
    const [stdout, stderr] = outputs.map((each) => each.bytes());
    return encoding === 'buffer'
      ? { stdout: stdout as Buffer, stderr: stderr as Buffer }
      : { stdout: String(stdout), stderr: String(stderr) };
  };
  const connect = (pipes: StdioPipes) => {
    outputs[0].read(pipes.stdout, () => session.cut('isMaxBuffer'));
    outputs[1].read(pipes.stderr, () => session.cut('isMaxBuffer'));
    if (pipes.stdin !== undefined) feed(pipes.stdin, input ?? '');
  };
  const session = new Session(prepare, connect, times);
  let result: ExitResult;
  try {
    result = await session.ended;
    await Promise.all(outputs.map((each) => each.finish()));
  } catch (error) {
    if (!(error instanceof RunError) || encoding === 'utf8') throw error;
    const { code, step, path, errno, hint, cause } = error;
    const none = { stdout: Buffer.alloc(0), stderr: Buffer.alloc(0) };
    throw new RunError(error.message, { code, step, path, errno, hint, cause }, { ...resultOf(error), ...none });
  }
  const all = written();
  const error = reject ? cutShort(subject, result, all) : undefined;
  if (error !== undefined) throw error;
  return { ...result, ...all };
}

function resultOf({
  exitCode,
  signal,
  timedOut,
  isCanceled,
  isMaxBuffer,
  oomKilled,
  durationMs,
}: RunError): ExitResult {
  return { exitCode, signal, timedOut, isCanceled, isMaxBuffer, oomKilled, durationMs };
}

/** Reads an output to its end, or as far as it may go. */
class Collector {
  readonly #most: number;
  readonly #chunks: Buffer[] = [];
  #length = 0;
  #full: Socket | undefined;
  #ended: Promise<void> = Promise.resolve();

  constructor(most: number) {
    this.#most = most;
  }

  read(fd: number | undefined, onFull: () => void): void {
    if (fd === undefined) return;
    const source = new Socket({ fd, readable: true, writable: false });
    source.on('data', (chunk: Buffer) => {
      const room = this.#most - this.#length;
      this.#chunks.push(chunk.length > room ? chunk.subarray(0, room) : chunk);
      this.#length += Math.min(chunk.length, room);
      if (chunk.length <= room) return;
      // The program is to be killed, and not to hear of a pipe that is broken before.
      source.pause();
      this.#full = source;
      onFull();
    });
    this.#ended = new Promise((resolve, reject) => {
      source.on('error', reject);
      source.on('close', () => resolve());
    });
  }

  /** Nobody writes to it any more. */
  async finish(): Promise<void> {
    this.#full?.destroy();
    await this.#ended;
  }

  bytes(): Buffer {
    return this.#chunks.length === 1 ? (this.#chunks[0] as Buffer) : Buffer.concat(this.#chunks);
  }
}

/** Writes everything and closes. A program that does not read it all has its reasons: EPIPE is no failure. */
function feed(fd: number, input: string | Uint8Array | Readable): void {
  const pipe = new Socket({ fd, readable: false, writable: true });
  const isStream = typeof input !== 'string' && !(input instanceof Uint8Array);
  pipe.on('error', () => pipe.destroy());
  if (!isStream) {
    pipe.end(input);
    return;
  }
  // Not pipeline(): what the program does not read stays the caller's.
  input.on('error', () => pipe.destroy());
  pipe.on('close', () => input.unpipe(pipe));
  input.pipe(pipe);
}
