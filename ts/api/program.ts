import type { Readable, Writable } from 'node:stream';
import type { StdioOptions, StdioPipes } from '../native/index.ts';
import { readSignal } from './options/container.ts';
import { readTimes, type Streams } from './options/program.ts';
import type { StreamMode, TimeOptions } from './options/types.ts';
import { cutShort, type ExitResult, NOTHING_WRITTEN } from './result.ts';
import { type Prepared, Session } from './session.ts';
import { InputStream, isUsed, OutputStream } from './streams.ts';

/** A program of a container, with its streams. They are there at once, and hold it up where nobody reads. */
export class Program implements AsyncDisposable {
  /** `null` where the stream is not piped to this process. */
  readonly stdin: Writable | null;
  /** `null` where the stream is not piped to this process; with a terminal it has both outputs. */
  readonly stdout: Readable | null;
  readonly stderr: Readable | null;
  readonly #subject: string;
  readonly #session: Session;
  #isObserved = false;

  /**
   * @param subject what is run, for messages
   * @param prepare makes it ready; `closeOutput` of what it returns is told of output that nobody reads any more
   */
  constructor(
    subject: string,
    prepare: (stdio: StdioOptions, signal: AbortSignal) => Promise<Prepared & { closeOutput?(stderr: boolean): void }>,
    streams: Streams,
    times: TimeOptions,
  ) {
    this.#subject = subject;
    let prepared: Awaited<ReturnType<typeof prepare>> | undefined;
    const started = () => this.#session.started;
    const stdin = streams.stdin === 'pipe' ? new InputStream() : null;
    const stdout = streams.stdout === 'pipe' ? new OutputStream(() => prepared?.closeOutput?.(false), started) : null;
    const stderr = streams.stderr === 'pipe' ? new OutputStream(() => prepared?.closeOutput?.(true), started) : null;
    [this.stdin, this.stdout, this.stderr] = [stdin, stdout, stderr];
    const make = async (signal: AbortSignal) => {
      prepared = await prepare(stdioOf(streams), signal);
      return prepared;
    };
    const connect = (pipes: StdioPipes) => {
      if (pipes.stdin !== undefined) stdin?.connect(pipes.stdin);
      if (pipes.stdout !== undefined) stdout?.connect(pipes.stdout);
      if (pipes.stderr === undefined) stderr?.push(null);
      else stderr?.connect(pipes.stderr);
    };
    this.#session = new Session(make, connect, readTimes(times));
    this.#session.started.catch((error: Error) => this.#fail(error, stdin, [stdout, stderr]));
  }

  /** Resolves when the program runs. @throws RunError why it does not */
  get started(): Promise<void> {
    this.#isObserved = true;
    return this.#session.started;
  }

  /**
   * Resolves when the program has ended. Output that was not read by then can still be.
   * @throws RunError when it could not be run, had no more time or was aborted
   */
  async wait(): Promise<ExitResult> {
    this.#isObserved = true;
    const result = await this.#session.ended;
    const error = cutShort(this.#subject, result, NOTHING_WRITTEN);
    if (error !== undefined) throw error;
    return result;
  }

  /**
   * Signals the program. One that does not run yet hears it when it does; one that has ended does not mind.
   * @param signal `SIGTERM`, `TERM` or a number; `SIGKILL` by default
   */
  kill(signal: string | number = 'SIGKILL'): void {
    this.#session.kill(readSignal(signal, 'signal'));
  }

  /** Sets the size of its terminal, in characters. */
  resize(columns: number, rows: number): void {
    this.#session.resize(rows, columns);
  }

  /** Kills the program, if it has not ended, and waits until nothing is left of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#isObserved = true;
    this.#session.end();
    // A terminal's output is over when somebody has taken it, or nobody will.
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy();
    await this.#session.ended.catch(() => undefined);
  }

  /** Leaves the program as it is, once it runs, where it can be without this process. @internal */
  async leave(): Promise<void> {
    this.#isObserved = true;
    await this.#session.leave();
    for (const stream of [this.stdin, this.stdout, this.stderr]) stream?.destroy();
  }

  /** Nobody may ever ask how it went: then it is a rejection that nobody has handled. */
  #fail(error: Error, stdin: InputStream | null, outputs: (OutputStream | null)[]): void {
    const isHeard = this.#isObserved || outputs.some((stream) => stream !== null && isUsed(stream));
    stdin?.fail();
    for (const stream of outputs) stream?.fail(error);
    if (!isHeard) void Promise.reject(error);
  }
}

/** The addon's words. */
export function stdioOf({ stdin, stdout, stderr }: Streams): StdioOptions {
  const word = (mode: StreamMode) => (mode === 'ignore' ? 'null' : mode);
  return { stdin: word(stdin), stdout: word(stdout), stderr: word(stderr) };
}
