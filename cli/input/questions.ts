import { createInterface, type Interface } from 'node:readline';
import { Writable } from 'node:stream';
import { RcxError } from '../../ts/errors.ts';
import { write } from '../output/print.ts';

/** The terminal echoes nothing while questions are open: what is shown is what this lets through. */
class Echo extends Writable {
  isOn = false;

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    if (this.isOn) write(chunk.toString('utf8'));
    done();
  }
}

/** Signals that end the process: the terminal must be put back before. */
const DEADLY: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'];

/** Asks somebody at a terminal. From the first question to {@link close} the terminal does not echo by itself. */
export class Questions {
  readonly #echo = new Echo();
  readonly #readline: Interface;
  /** Lines that were typed ahead or pasted. */
  readonly #lines: string[] = [];
  #waiting: ((line: string | undefined) => void) | undefined;
  #ended = false;
  readonly #onSignal = (signal: NodeJS.Signals): void => this.#die(signal);

  private constructor() {
    this.#readline = createInterface({ input: process.stdin, output: this.#echo, terminal: true, historySize: 0 });
    this.#readline.on('line', (line) => this.#take(line));
    this.#readline.on('SIGINT', () => this.#die('SIGINT'));
    this.#readline.on('close', () => this.#end());
    for (const signal of DEADLY) process.on(signal, this.#onSignal);
  }

  /** @returns undefined where stdin is no terminal */
  static open(): Questions | undefined {
    return process.stdin.isTTY ? new Questions() : undefined;
  }

  /** An answer without the space around it. @throws ERR_RCX_ABORTED at the end of the input */
  ask(question: string): Promise<string> {
    return this.#ask(question, true);
  }

  /** The same, and nobody who looks on can read the answer. */
  askSecretly(question: string): Promise<string> {
    return this.#ask(question, false);
  }

  /** Gives the terminal back. */
  close(): void {
    this.#echo.isOn = false;
    this.#readline.close();
    for (const signal of DEADLY) process.off(signal, this.#onSignal);
  }

  async #ask(question: string, isShown: boolean): Promise<string> {
    this.#echo.isOn = isShown;
    // readline must know what stands before the answer, as it draws the line anew when something is deleted.
    this.#readline.setPrompt(isShown ? question : '');
    if (isShown) this.#readline.prompt();
    else write(question);
    const line = await this.#nextLine();
    if (!isShown || line === undefined) write('\n');
    if (line !== undefined) return line.trim();
    throw new RcxError(`${question.replace(/:?\s*$/, '')}: nothing was typed`, {
      code: 'ERR_RCX_ABORTED',
      step: 'ask',
      hint: 'type an answer and Enter.',
    });
  }

  #nextLine(): Promise<string | undefined> {
    const line = this.#lines.shift();
    if (line !== undefined || this.#ended) return Promise.resolve(line);
    return new Promise((resolve) => {
      this.#waiting = resolve;
    });
  }

  #take(line: string): void {
    // What follows may be the answer to a secret question that was not put yet.
    this.#echo.isOn = false;
    if (this.#waiting === undefined) this.#lines.push(line);
    else this.#waiting(line);
    this.#waiting = undefined;
  }

  #end(): void {
    this.#ended = true;
    this.#waiting?.(undefined);
    this.#waiting = undefined;
  }

  /** As if the signal had not been caught, so that a shell sees what ended the command. */
  #die(signal: NodeJS.Signals): void {
    this.close();
    write('\n');
    process.kill(process.pid, signal);
  }
}
