import type { Readable, Writable } from 'node:stream';
import type { Engine as Core } from '../engine.ts';
import { Container } from './container.ts';
import type { Program } from './program.ts';
import type { ExitResult } from './result.ts';

/** A container that was made by this process, with the streams of its program. */
export class SpawnedContainer extends Container implements AsyncDisposable {
  readonly #program: Program;

  constructor(core: Core, id: string, program: Program) {
    super(core, id, () => program.started);
    this.#program = program;
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
    return await this.#program.wait();
  }

  /** Signals the program; one that does not run yet hears it when it does. */
  override async kill(signal: string | number = 'SIGKILL'): Promise<void> {
    this.#program.kill(signal);
  }

  /** Sets the size of its terminal, in characters. */
  resize(columns: number, rows: number): void {
    this.#program.resize(columns, rows);
  }

  /** Kills the container, if it has not ended, and waits until nothing is left of it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#program[Symbol.asyncDispose]();
  }
}
