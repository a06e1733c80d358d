import type { Command } from 'commander';
import { parseVolumePruneFilters, pruneVolumes } from '../../../ts/volume/prune.ts';
import { openEngine } from '../../engine.ts';
import { filterOption } from '../../flags/filter.ts';
import { confirm } from '../../input/confirm.ts';
import { printPrunedVolumes, printReclaimed } from '../../output/pruned.ts';

interface VolumePruneFlags {
  all?: true;
  force?: true;
  filter?: string[];
}

export function register(parent: Command): void {
  parent
    .command('prune')
    .summary('remove unused volumes')
    .description('Remove volumes without a name that no container has, or with -a all that no container has.')
    .option('-a, --all', 'remove volumes that have a name, too')
    .addOption(filterOption('label=name[=value], label!=name[=value]', '--filter <filter>'))
    .option('-f, --force', 'do not ask')
    .action(action);
}

async function action({ all, force, filter = [] }: VolumePruneFlags): Promise<void> {
  const filters = parseVolumePruneFilters(filter, all);
  const engine = openEngine();
  await engine.enter();
  const which = filters.all ? 'all local volumes' : 'anonymous local volumes';
  const warning = `WARNING! This will remove ${which} not used by at least one container.`;
  if (!force && !(await confirm(`${warning}\nAre you sure you want to continue?`))) return;
  const pruned = await pruneVolumes(engine, filters);
  printPrunedVolumes(pruned);
  printReclaimed(pruned.reclaimed);
}
