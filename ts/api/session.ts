import type { ContainerExit } from '../container/launch.ts';
import type { MonitoredEnd } from '../container/monitored.ts';
import { signalName } from '../container/signals.ts';
import { RcxError } from '../errors.ts';
import type { StdioPipes } from '../native/index.ts';
import { toRcxError } from '../store/nativeError.ts';
import { deferred } from './deferred.ts';
import { type ExitResult, NOTHING_WRITTEN, type RunError, UNKNOWN, withResult } from './result.ts';

/** A program that is ready to be run, whoever it is a child of. */
export interface Prepared {
  takePipes(): StdioPipes;
  start(): Promise<unknown>;
  wait(): Promise<ContainerExit | MonitoredEnd>;
  kill(signal: number): void;
  resize(rows: number, columns: number): void;
  /** Ends it without its having run. */
  abandon(): Promise<void>;
  /** Leaves it as it is, where it can be without this process. */
  leave?(): void;
}

/** What a program may cost, and who may end it. */
export interface SessionOptions {
  timeout?: number | undefined;
  signal?: AbortSignal | undefined;
  killSignal: number;
}

/** Why the caller ended it. */
type Cut = 'timedOut' | 'isCanceled' | 'isMaxBuffer';

const KILL = 9;

/** One run of a program, from the making of what it runs in to its end. */
export class Session {
  readonly #options: SessionOptions;
  readonly #begin = performance.now();
  readonly #cuts = new Set<Cut>();
  readonly #stop = new AbortController();
  #prepared: Prepared | undefined;
  #runs = false;
  #waiting: number[] = [];
  #size: [number, number] | undefined;

  /** Resolves when the program runs. */
  readonly started: Promise<void>;
  /** Resolves when it has ended. @throws RunError why it did not run */
  readonly ended: Promise<ExitResult>;

  /**
   * @param prepare makes what the program runs in; the signal is aborted when nobody wants it any more
   * @param connect gets this process' ends of the pipes before the program runs
   */
  constructor(
    prepare: (signal: AbortSignal) => Promise<Prepared>,
    connect: (pipes: StdioPipes) => void,
    options: SessionOptions,
  ) {
    this.#options = options;
    const started = deferred<void>();
    this.started = started.promise;
    this.ended = this.#run(prepare, connect, started.resolve).catch((error: unknown) => {
      const failure = this.#failure(error);
      started.reject(failure);
      throw failure;
    });
    // Whoever waits hears of it; see `Program` for those who do not.
    this.started.catch(() => undefined);
    this.ended.catch(() => undefined);
  }

  /** Signals the program's first process; one that does not run yet hears it when it does. */
  kill(signal: number): void {
    if (this.#runs) this.#prepared?.kill(signal);
    else this.#waiting.push(signal);
  }

  /** Sets the size of its terminal, in characters. */
  resize(rows: number, columns: number): void {
    this.#size = [rows, columns];
    this.#prepared?.resize(rows, columns);
  }

  /** Ends it, if it has not ended: whatever has been made of it by now is removed. */
  cut(why: Cut, signal = this.#options.killSignal): void {
    this.#cuts.add(why);
    this.#stop.abort();
    if (this.#runs) this.#prepared?.kill(signal);
  }

  /** As {@link Session.cut}, and for certain. */
  end(): void {
    this.cut('isCanceled', KILL);
  }

  /** Leaves the program as it is, once it runs: it is as if it had ended. */
  async leave(): Promise<void> {
    await this.started.catch(() => undefined);
    this.#prepared?.leave?.();
  }

  async #run(
    prepare: (signal: AbortSignal) => Promise<Prepared>,
    connect: (pipes: StdioPipes) => void,
    started: () => void,
  ): Promise<ExitResult> {
    const { signal, timeout } = this.#options;
    const onAbort = () => this.cut('isCanceled');
    if (signal?.aborted) onAbort();
    signal?.addEventListener('abort', onAbort, { once: true });
    let timer: NodeJS.Timeout | undefined;
    try {
      const prepared = await this.#prepare(prepare);
      connect(prepared.takePipes());
      const exit = prepared.wait();
      // Its failure is that of the start, which is awaited first.
      exit.catch(() => undefined);
      await prepared.start();
      if (timeout !== undefined) timer = setTimeout(() => this.cut('timedOut'), timeout);
      this.#running(prepared);
      started();
      return this.#result(await exit);
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      this.#runs = false;
    }
  }

  async #prepare(prepare: (signal: AbortSignal) => Promise<Prepared>): Promise<Prepared> {
    if (this.#stop.signal.aborted) throw this.#aborted();
    const prepared = await prepare(this.#stop.signal);
    if (this.#stop.signal.aborted) {
      await prepared.abandon();
      throw this.#aborted();
    }
    this.#prepared = prepared;
    if (this.#size !== undefined) prepared.resize(...this.#size);
    return prepared;
  }

  /** It may have been signalled, or cut short, between its start and the news of it. */
  #running(prepared: Prepared): void {
    this.#runs = true;
    for (const signal of this.#waiting.splice(0)) prepared.kill(signal);
    if (this.#stop.signal.aborted) prepared.kill(KILL);
  }

  #result({ exitCode = UNKNOWN, signal, oomKilled }: ContainerExit | MonitoredEnd): ExitResult {
    const name = signal === undefined ? {} : { signal: signalName(signal) as NodeJS.Signals };
    return { exitCode, ...name, ...this.#reasons(), oomKilled, durationMs: this.#elapsed() };
  }

  #failure(error: unknown): RunError {
    // What was given up for it fails in many ways.
    const failure = this.#stop.signal.aborted ? this.#aborted(error) : toRcxError(error, 'ERR_RCX_LAUNCH');
    const result = { ...this.#reasons(), oomKilled: false, durationMs: this.#elapsed() };
    return withResult(failure, result, NOTHING_WRITTEN);
  }

  #aborted(cause: unknown = this.#options.signal?.reason): RcxError {
    return new RcxError('run: it was aborted before the program ran', { code: 'ERR_RCX_ABORTED', step: 'run', cause });
  }

  #reasons(): Record<Cut, boolean> {
    const has = (cut: Cut) => this.#cuts.has(cut);
    return { timedOut: has('timedOut'), isCanceled: has('isCanceled'), isMaxBuffer: has('isMaxBuffer') };
  }

  #elapsed(): number {
    return performance.now() - this.#begin;
  }
}
