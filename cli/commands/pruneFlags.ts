import type { Command } from 'commander';
import { filterOption } from '../flags/filter.ts';

/** Flags of every `prune`. */
export interface PruneFlags {
  force?: true;
  filter?: string[];
}

/** Adds the flags that every `prune` has. */
export function withPruneFlags(command: Command): Command {
  return command
    .addOption(filterOption('until=24h, label=name[=value], label!=name[=value]', '--filter <filter>'))
    .option('-f, --force', 'do not ask');
}
