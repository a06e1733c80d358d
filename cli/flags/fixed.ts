import { type Command, InvalidArgumentError, Option } from 'commander';
import type { ContainerOptions } from '../../ts/container/options.ts';

/** Flags of Docker that choose between parts of it, where rcx has one. */
export interface FixedFlags {
  runtime?: string;
}

/** Docker's names of what does what rcx itself does. */
const RUNTIMES = ['runc', 'io.containerd.runc.v2'];

export function addFixedFlags(command: Command): void {
  const only = (name: string, description: string, values: readonly string[]) =>
    new Option(name, description).argParser((text) => known(text, values)).hideHelp();
  command
    .addOption(only('--runtime <name>', 'there is one', RUNTIMES))
    .addOption(only('--isolation <name>', 'there is one, "default"', ['default']))
    .addOption(only('--volume-driver <name>', 'there is one, "local"', ['local']));
}

export function fixedOptions({ runtime }: FixedFlags): ContainerOptions {
  return { runtime };
}

function known(text: string, values: readonly string[]): string | undefined {
  if (text === '') return undefined;
  if (values.includes(text)) return text;
  throw new InvalidArgumentError(`there is only ${values.join(' or ')} here.`);
}
