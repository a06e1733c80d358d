import { Command, type Option, type ParseOptionsResult } from 'commander';

const TRUE = new Set(['1', 't', 'T', 'true', 'TRUE', 'True']);
const FALSE = new Set(['0', 'f', 'F', 'false', 'FALSE', 'False']);

/** A command whose switches may be given a value, `--rm=true`, as in all programs that are written in Go. */
export class GoCommand extends Command {
  #passesThrough = false;

  override createCommand(name?: string): GoCommand {
    return new GoCommand(name);
  }

  override passThroughOptions(passThrough = true): this {
    this.#passesThrough = passThrough;
    return super.passThroughOptions(passThrough);
  }

  override parseOptions(words: string[]): ParseOptionsResult {
    const own = this.#countOwn(words);
    return super.parseOptions([...words.slice(0, own).flatMap((word) => this.#asSwitch(word)), ...words.slice(own)]);
  }

  /** How many words are this command's: behind `--`, and where a program's words follow the operand, they are not. */
  #countOwn(words: readonly string[]): number {
    for (let i = 0; i < words.length; i++) {
      const word = words[i] ?? '';
      if (word === '--') return i;
      if (word.startsWith('-') && word.length > 1) i += this.#takesNext(word) ? 1 : 0;
      else if (this.#passesThrough) return i;
    }
    return words.length;
  }

  /** Whether the next word is the value of an option. */
  #takesNext(word: string): boolean {
    if (word.startsWith('--')) return this.#find(word)?.required ?? false;
    const letters = [...word.slice(1)];
    const first = letters.findIndex((letter) => this.#find(`-${letter}`)?.required);
    return first === letters.length - 1;
  }

  #find(name: string): Option | undefined {
    return this.options.find((option) => option.long === name || option.short === name);
  }

  /** The word as commander knows it; nothing for a switch that is off. */
  #asSwitch(word: string): string[] {
    const [, name = '', value = ''] = /^(--[a-z-]+|-[a-zA-Z])=(.*)$/s.exec(word) ?? [];
    const option = this.#find(name);
    if (option === undefined || option.required || option.optional) return [word];
    if (TRUE.has(value)) return [name];
    if (!FALSE.has(value)) return [word];
    const negation = `--no-${option.long?.slice(2)}`;
    return this.#find(negation) === undefined ? [] : [negation];
  }
}
