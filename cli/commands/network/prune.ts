import type { Command } from 'commander';
import { pruneNetworks } from '../../../ts/network/prune.ts';
import { parsePruneFilters } from '../../../ts/system/pruneFilters.ts';
import { openEngine } from '../../engine.ts';
import { confirm } from '../../input/confirm.ts';
import { printPrunedNetworks } from '../../output/pruned.ts';
import { type PruneFlags, withPruneFlags } from '../pruneFlags.ts';

const WARNING = `WARNING! This will remove all custom networks not used by at least one container.
Are you sure you want to continue?`;

export function register(parent: Command): void {
  const command = parent
    .command('prune')
    .summary('remove unused networks')
    .description('Remove all networks that no container is in, but the default one.');
  withPruneFlags(command).action(action);
}

async function action({ force, filter = [] }: PruneFlags): Promise<void> {
  const engine = openEngine();
  await engine.enter();
  if (!force && !(await confirm(WARNING))) return;
  printPrunedNetworks(await pruneNetworks(engine, parsePruneFilters(filter)));
}
