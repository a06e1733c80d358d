import type { Command } from 'commander';
import { imageLayers } from '../../../ts/image/layers.ts';
import { openEngine } from '../../engine.ts';
import { printable } from '../../output/errors.ts';
import { formatSize } from '../../output/format.ts';
import { print } from '../../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('layers')
    .summary('list the layers of an image')
    .description(
      'List the layers of an image, top to bottom: diff ID, size of its files, and directory on this machine.',
    )
    .argument('<image>', 'name, id, or the start of an id')
    .action(action);
}

async function action(image: string): Promise<void> {
  for (const { diffId, size, path } of imageLayers(openEngine(), image)) {
    print(`${diffId}  ${formatSize(size)}  ${printable(path)}`);
  }
}
