import type { Readable, Writable } from 'node:stream';
import type { Engine as Core } from '../engine.ts';
import { isRcxError } from '../errors.ts';
import { Container } from './container.ts';
import type { Program } from './program.ts';
import { type ExitResult, UNKNOWN } from './result.ts';

/** Whose a container is: this process'; its own, with streams that lead here; or its own alone, once it runs. */
export type Life = 'attached' | 'detached' | 'left';

/** A container that was made by this process, with the streams of its program. */
export class SpawnedContainer extends Container implements AsyncDisposable {
  readonly #program: Program;
  readonly #life: Life;

  constructor(core: Core, id: string, program: Program, life: Life) {
    super(core, id, () => program.started);
    [this.#program, this.#life] = [program, life];
  }

  /** `null` where the stream is not piped to this process. */
  get stdin(): Writable | null {
    return this.#program.stdin;
  }

  /** `null` where the stream is not piped to this process; with a terminal it has both outputs. */
  get stdout(): Readable | null {
    return this.#program.stdout;
  }

  get stderr(): Readable | null {
    return this.#program.stderr;
  }

  /** Resolves when the program runs. @throws RunError why it does not */
  get started(): Promise<void> {
    return this.#program.started;
  }

  /**
   * Resolves when the program has ended, and the container is removed if it was to be.
   * @throws RunError when it could not be run, had no more time or was aborted
   */
  override async wait(): Promise<ExitResult> {
    if (this.#life !== 'left') return await this.#program.wait();
    const begin = performance.now();
    const { exitCode = UNKNOWN } = await super.wait();
    const cuts = { timedOut: false, isCanceled: false, isMaxBuffer: false };
    return { exitCode, ...cuts, oomKilled: await this.#wasOomKilled(), durationMs: performance.now() - begin };
  }

  async #wasOomKilled(): Promise<boolean> {
    try {
      return (await this.inspect()).State.OOMKilled;
    } catch (error) {
      // With its record nobody knows it any more.
      if (isRcxError(error, 'ERR_RCX_CONTAINER_NOT_FOUND')) return false;
      throw error;
    }
  }

  /** Signals the program; one that does not run yet hears it when it does. */
  override async kill(signal: string | number = 'SIGKILL'): Promise<void> {
    if (this.#life === 'left') await super.kill(signal);
    else this.#program.kill(signal);
  }

  /** Sets the size of its terminal, in characters. */
  resize(columns: number, rows: number): void {
    this.#program.resize(columns, rows);
  }

  /** Kills the container, if it has not ended, and waits until nothing is left of it. A detached one goes on, without its streams. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#life === 'attached') await this.#program[Symbol.asyncDispose]();
    else await this.#program.leave();
  }
}
