import type { Command } from 'commander';
import { Engine } from '../../ts/engine.ts';
import { removeImage } from '../../ts/image/remove.ts';
import { printable } from '../output/errors.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';

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
    .action(action);
}

async function action(images: string[], flags: RmiFlags, command: Command): Promise<void> {
  const engine = new Engine();
  const onWait = () => process.stderr.write('Waiting for a pull or a start that is under way\n');
  await forEach(command, images, async (image) => {
    const { untagged, deleted } = await removeImage(engine, image, { force: flags.force, onWait });
    for (const name of untagged) print(printable(`Untagged: ${name}`));
    for (const digest of deleted) print(`Deleted: ${digest}`);
  });
}
