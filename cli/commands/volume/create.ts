import { type Command, InvalidArgumentError } from 'commander';
import { createVolume } from '../../../ts/volume/create.ts';
import { openEngine } from '../../engine.ts';
import { label } from '../../flags/values.ts';
import { print } from '../../output/print.ts';

interface CreateFlags {
  driver?: string;
  opt: Record<string, string>;
  label: Record<string, string>;
}

export function register(parent: Command): void {
  parent
    .command('create')
    .summary('make a volume')
    .description(
      'Make a volume and print its name, which is made up when none is given. One that is there is left as it is.',
    )
    .argument('[volume]', 'name of the volume')
    .option('-d, --driver <driver>', 'local, which is the only one')
    .option('--label <name=value>', 'label of the volume', label, {})
    .option('-o, --opt <name=value>', 'option of the driver: type, device or o, as for mount(8)', option, {})
    .addHelpText(
      'after',
      '\nExamples:\n  rcx volume create data\n  rcx volume create -o type=none -o device=/srv/data -o o=bind data\n  rcx volume create -o type=tmpfs -o device=tmpfs -o o=size=64m,uid=1000 scratch',
    )
    .action(action);
}

function option(text: string, before: Record<string, string>): Record<string, string> {
  if (!text.includes('=')) throw new InvalidArgumentError('write it as name=value.');
  return label(text, before);
}

async function action(name: string | undefined, flags: CreateFlags): Promise<void> {
  const { driver, opt: options, label: labels } = flags;
  const volume = await createVolume(openEngine(), { name, driver, options, labels });
  print(volume.name);
}
