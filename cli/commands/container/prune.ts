import type { Command } from 'commander';
import { pruneContainers } from '../../../ts/container/prune.ts';
import { parsePruneFilters } from '../../../ts/system/pruneFilters.ts';
import { openEngine } from '../../engine.ts';
import { confirm } from '../../input/confirm.ts';
import { printPrunedContainers, printReclaimed } from '../../output/pruned.ts';
import { type PruneFlags, withPruneFlags } from '../pruneFlags.ts';

const WARNING = 'WARNING! This will remove all stopped containers.';

export function register(parent: Command): void {
  const command = parent
    .command('prune')
    .summary('remove stopped containers')
    .description('Remove all containers that do not run, with all that was written in them.');
  withPruneFlags(command).action(action);
}

async function action({ force, filter }: PruneFlags): Promise<void> {
  const engine = openEngine();
  await engine.enter();
  if (!force && !(await confirm(`${WARNING}\nAre you sure you want to continue?`))) return;
  const pruned = await pruneContainers(engine, parsePruneFilters(filter ?? []));
  printPrunedContainers(pruned);
  printReclaimed(pruned.reclaimed);
}
