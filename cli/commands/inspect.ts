import { type Command, Option } from 'commander';
import { inspectAny } from '../../ts/system/inspect.ts';
import { openEngine } from '../engine.ts';
import { templateOption } from '../output/formatFlag.ts';
import { inspectEach } from '../output/inspect.ts';

interface InspectFlags {
  type?: 'container' | 'image' | 'volume';
  size?: true;
}

export function register(parent: Command): void {
  parent
    .command('inspect')
    .summary('describe containers, images and volumes')
    .description(
      'Describe containers, images and volumes as a JSON array, with the names that Docker uses. Of several things of one name a container is meant before an image, and an image before a volume.',
    )
    .argument('<name...>', 'names, ids, or the start of ids')
    .addOption(new Option('--type <type>', 'look only for one kind').choices(['container', 'image', 'volume']))
    .option('-s, --size', 'count what was written in containers, SizeRw, and that with their images, SizeRootFs')
    .addOption(templateOption())
    .addHelpText('after', "\nExamples:\n  rcx inspect web\n  rcx inspect -f '{{.State.Pid}}' web")
    .action(action);
}

async function action(names: string[], flags: InspectFlags, command: Command): Promise<void> {
  const engine = openEngine();
  await inspectEach(command, names, (name) => inspectAny(engine, name, flags));
}
