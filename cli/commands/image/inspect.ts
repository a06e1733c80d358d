import type { Command } from 'commander';
import { inspectImage } from '../../../ts/image/inspect.ts';
import { openEngine } from '../../engine.ts';
import { templateOption } from '../../output/formatFlag.ts';
import { inspectEach } from '../../output/inspect.ts';

export function register(parent: Command): void {
  parent
    .command('inspect')
    .summary('describe images')
    .description(
      'Describe images as a JSON array, with the names that Docker uses. RootFS.Layers are the diff IDs, base layer first.',
    )
    .argument('<image...>', 'names, ids, or the start of ids')
    .addOption(templateOption())
    .action(action);
}

async function action(images: string[], _flags: object, command: Command): Promise<void> {
  const engine = openEngine();
  await inspectEach(command, images, (name) => inspectImage(engine, engine.images.find(name)));
}
