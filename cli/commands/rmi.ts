import type { Command } from 'commander';
import { removeImage } from '../../ts/image/remove.ts';
import { openEngine } from '../engine.ts';
import { printable } from '../output/errors.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';
import { onWait, warnOfKept } from '../output/pruned.ts';

interface RmiFlags {
  force?: true;
}

export function register(parent: Command, name = 'rmi'): void {
  parent
    .command(name)
    .summary('remove images')
    .description(
      'Remove names of images, and with the last name the image itself and all layers that no other image or container ' +
        'uses. An image of a container stays until the container is removed.',
    )
    .argument('<image...>', 'names, ids, or the start of ids; an id stands for all names of the image')
    .option('-f, --force', 'take the name away even if a container uses the image, and all names of an id')
    .option('--no-prune', 'accepted for Docker’s sake: rcx keeps no intermediate images')
    .action(action);
}

async function action(images: string[], flags: RmiFlags, command: Command): Promise<void> {
  const engine = openEngine();
  await forEach(command, images, async (image) => {
    const { untagged, deleted, kept } = await removeImage(engine, image, { force: flags.force, onWait });
    for (const name of untagged) print(printable(`Untagged: ${name}`));
    for (const digest of deleted) print(`Deleted: ${digest}`);
    warnOfKept(kept);
  });
}
