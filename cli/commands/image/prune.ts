import type { Command } from 'commander';
import { pruneImages } from '../../../ts/image/prune.ts';
import { parsePruneFilters } from '../../../ts/system/pruneFilters.ts';
import { openEngine } from '../../engine.ts';
import { confirm } from '../../input/confirm.ts';
import { onWait, printPrunedImages, printReclaimed } from '../../output/pruned.ts';
import { type PruneFlags, withPruneFlags } from '../pruneFlags.ts';

interface ImagePruneFlags extends PruneFlags {
  all?: true;
}

export function register(parent: Command): void {
  const command = parent
    .command('prune')
    .summary('remove unused images')
    .description(
      'Remove images without a tag that no container uses, or with -a all that no container uses; and without filters the ' +
        'blobs and layers that nothing refers to, which interrupted commands leave.',
    )
    .option('-a, --all', 'remove images that have a tag, too');
  withPruneFlags(command).action(action);
}

async function action({ all, force, filter }: ImagePruneFlags): Promise<void> {
  const engine = openEngine();
  await engine.enter();
  const warning = all
    ? 'WARNING! This will remove all images without at least one container associated to them.'
    : 'WARNING! This will remove all dangling images.';
  if (!force && !(await confirm(`${warning}\nAre you sure you want to continue?`))) return;
  const filters = parsePruneFilters(filter ?? []);
  const pruned = await pruneImages(engine, { all, filters, onWait });
  printPrunedImages(pruned);
  printReclaimed(pruned.reclaimed);
}
