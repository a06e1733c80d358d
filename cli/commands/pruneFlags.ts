import { type Command, InvalidArgumentError } from 'commander';
import { collect } from '../flags.ts';

/** Flags of every `prune`. */
export interface PruneFlags {
  force?: true;
  filter?: string[];
}

/** Adds the flags that every `prune` has. */
export function withPruneFlags(command: Command): Command {
  return command
    .option(
      '--filter <filter>',
      'until=24h, label=name[=value], label!=name[=value]',
      collect(checked, InvalidArgumentError),
    )
    .option('-f, --force', 'do not ask');
}

/** What cannot be a filter is a wrong flag, one that is not known a failure, as with Docker. */
function checked(text: string): string {
  if (!text.includes('=')) throw new InvalidArgumentError('bad format of filter (expected name=value)');
  return text;
}
