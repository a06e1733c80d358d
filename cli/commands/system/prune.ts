import type { Command } from 'commander';
import { pruneContainers } from '../../../ts/container/prune.ts';
import type { Engine } from '../../../ts/engine.ts';
import { pruneImages } from '../../../ts/image/prune.ts';
import { type PruneFilters, parsePruneFilters } from '../../../ts/system/pruneFilters.ts';
import { openEngine } from '../../engine.ts';
import { confirm } from '../../input/confirm.ts';
import { printable } from '../../output/errors.ts';
import {
  onWait,
  printPrunedContainers,
  printPrunedImages,
  printPrunedNetworks,
  printPrunedVolumes,
  printReclaimed,
} from '../../output/pruned.ts';
import { type PruneFlags, withPruneFlags } from '../pruneFlags.ts';

interface SystemPruneFlags extends PruneFlags {
  all?: true;
  volumes?: true;
}

export function register(parent: Command): void {
  const command = parent
    .command('prune')
    .summary('remove unused data')
    .description(
      'Remove all containers that do not run, networks that none is in, then images as rcx image prune does, and what ' +
        'interrupted commands left.',
    )
    .option('-a, --all', 'remove all images that no container uses, not only those without a tag')
    .option('--volumes', 'remove anonymous volumes that no container has, too');
  withPruneFlags(command).action(action);
}

async function action(flags: SystemPruneFlags): Promise<void> {
  const engine = openEngine();
  await engine.enter();
  if (!flags.force && !(await confirm(question(flags)))) return;
  const filters = parsePruneFilters(flags.filter ?? []);
  const containers = await pruneContainers(engine, filters);
  printPrunedContainers(containers);
  const { pruneNetworks } = await import('../../../ts/network/prune.ts');
  printPrunedNetworks(await pruneNetworks(engine, filters));
  const volumes = flags.volumes ? await pruneAnonymous(engine, filters) : 0;
  const images = await pruneImages(engine, { all: flags.all, filters, onWait });
  printPrunedImages(images);
  printReclaimed(containers.reclaimed + volumes + images.reclaimed);
}

/** @returns the bytes that the disk got back */
async function pruneAnonymous(engine: Engine, { labels, withoutLabels }: PruneFilters): Promise<number> {
  const { pruneVolumes } = await import('../../../ts/volume/prune.ts');
  const volumes = await pruneVolumes(engine, { labels, withoutLabels, all: false });
  printPrunedVolumes(volumes);
  return volumes.reclaimed;
}

/** Docker's, without the build cache, which rcx does not have. */
function question({ all, volumes, filter = [] }: SystemPruneFlags): string {
  const lines = [
    'WARNING! This will remove:',
    '  - all stopped containers',
    '  - all networks not used by at least one container',
    ...(volumes ? ['  - all anonymous volumes not used by at least one container'] : []),
    all ? '  - all images without at least one container associated to them' : '  - all dangling images',
    '',
    ...(filter.length === 0 ? [] : ['  Items to be pruned will be filtered with:', ...filter.map(filterLine), '']),
    'Are you sure you want to continue?',
  ];
  return lines.join('\n');
}

function filterLine(text: string): string {
  return `  - ${printable(text)}`;
}
