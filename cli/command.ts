import { Command, type Option, type ParseOptionsResult } from 'commander';
import { parseBool } from '../ts/oci/parseBool.ts';

/** Words that belong together: an option with its value, one of several switches behind a hyphen, or something else. */
interface Part {
  words: string[];
  /** The next word is the option's value. */
  needsValue?: boolean;
  /** The switch that it turns on or off. */
  option?: Option;
  isOff?: boolean;
}

/**
 * A command that reads its words as all programs that are written in Go: a switch may be given a value, `--rm=true`, `-t=false`;
 * the last one counts; and between a letter and its value there may be an equals sign, `-w=/srv`.
 */
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
    const parts: Part[] = [];
    let at = 0;
    while (at < words.length && !this.#endsOwn(words[at] ?? '')) {
      const found = this.#partsOf(words[at++] ?? '');
      if (found.at(-1)?.needsValue) found.at(-1)?.words.push(...words.slice(at, ++at));
      parts.push(...found);
    }
    return super.parseOptions([...withoutTurnedOff(parts).flatMap((part) => part.words), ...words.slice(at)]);
  }

  /** Behind `--`, a command's name, and the operand that a program's own words follow, no word is this command's. */
  #endsOwn(word: string): boolean {
    if (word === '--') return true;
    const isOperand = !word.startsWith('-') || word === '-';
    return isOperand && (this.#passesThrough || this.commands.length > 0);
  }

  #partsOf(word: string): Part[] {
    if (word.startsWith('--')) return [this.#longPart(word)];
    return (word.length > 1 && word.startsWith('-') && this.#shortParts(word)) || [{ words: [word] }];
  }

  #longPart(word: string): Part {
    const [, name = word, value] = /^(--[^=]+)=(.*)$/s.exec(word) ?? [];
    const option = this.#find(name);
    if (option === undefined) return { words: [word] };
    if (takesValue(option)) return { words: [word], needsValue: option.required && value === undefined };
    return this.#switchPart(option, name, value);
  }

  /** @returns nothing where a letter is unknown: commander says so */
  #shortParts(word: string): Part[] | undefined {
    const parts: Part[] = [];
    for (let at = 1; at < word.length; at++) {
      const name = `-${word[at]}`;
      const option = this.#find(name);
      if (option === undefined) return undefined;
      const rest = word.slice(at + 1);
      const value = /^=(.+)$/s.exec(rest)?.[1];
      if (takesValue(option)) {
        const words = rest === '' ? [name] : [name, value ?? rest];
        return [...parts, { words, needsValue: rest === '' }];
      }
      parts.push(this.#switchPart(option, name, value));
      if (value !== undefined) break;
    }
    return parts;
  }

  /** The switch as commander knows it; no word for one that is off. */
  #switchPart(option: Option, name: string, value: string | undefined): Part {
    const isOn = value === undefined || parseBool(value);
    if (isOn) return { words: [name], option };
    if (isOn === undefined) {
      const message = `error: option '${option.flags}' argument '${value}' is invalid. give true or false.`;
      this.error(message, { code: 'commander.invalidArgument' });
    }
    const negation = this.#find(`--no-${option.long?.slice(2)}`)?.long;
    return negation === undefined ? { words: [], option, isOff: true } : { words: [negation] };
  }

  #find(name: string): Option | undefined {
    return this.options.find((option) => option.long === name || option.short === name);
  }
}

function takesValue(option: Option): boolean {
  return option.required || option.optional;
}

/** A switch that is turned off was never on. */
function withoutTurnedOff(parts: readonly Part[]): Part[] {
  return parts.filter(({ option }, at) => {
    const later = parts.slice(at + 1);
    return option === undefined || !later.some((part) => part.isOff && part.option === option);
  });
}
