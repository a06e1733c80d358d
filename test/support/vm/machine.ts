import { describe, inject } from 'vitest';
import type { Boot } from './boot.ts';
import type { CheckResult } from './results.ts';

/** The machine that ran, as its tests read it. */
export class Machine {
  readonly #boot: Boot;

  constructor(boot: Boot) {
    this.#boot = boot;
  }

  get finished(): boolean {
    return this.#boot.finished;
  }

  get console(): string {
    return this.#boot.console;
  }

  /** How a check ended. @throws when the machine did not come to it */
  result(check: string): CheckResult {
    const result = this.#boot.results[check];
    if (result === undefined) throw new Error(`the machine did not come to the check ${check}:\n${this.console}`);
    return result;
  }

  /** The output of a check, which must have succeeded. */
  output(check: string): string {
    const { exitCode, stdout, stderr } = this.result(check);
    if (exitCode !== 0) throw new Error(`the check ${check} ended with ${exitCode}:\n${stdout}${stderr}`);
    return stdout;
  }

  /** What the lines of a check's output that begin with `word` say after it. */
  lines(check: string, word: string): string[] {
    const lines = this.result(check).stdout.split('\n');
    return lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));
  }

  /** The one line that begins with `word`. */
  line(check: string, word: string): string {
    const lines = this.lines(check, word);
    if (lines.length !== 1)
      throw new Error(`${check} has ${lines.length} lines ${word}:\n${JSON.stringify(this.result(check))}`);
    return lines[0] ?? '';
  }
}

/** `describe` of what happened in the machine, skipped with the reason in its name where there can be none. */
export function describeMachine(name: string, body: (machine: Machine) => void, missing?: string): void {
  const boot = inject('vm');
  const reason = 'unavailable' in boot ? boot.unavailable : missing;
  if (reason !== undefined) describe.skip(`${name} (skipped: ${reason})`, () => body(new Machine(NO_BOOT)));
  else describe(name, () => body(new Machine(boot as Boot)));
}

const NO_BOOT: Boot = { results: {}, finished: false, console: '' };
