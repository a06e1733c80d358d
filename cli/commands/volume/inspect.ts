import type { Command } from 'commander';
import { inspectVolume } from '../../../ts/volume/inspect.ts';
import { openEngine } from '../../engine.ts';
import { templateOption } from '../../output/formatFlag.ts';
import { inspectEach } from '../../output/inspect.ts';

export function register(parent: Command): void {
  parent
    .command('inspect')
    .summary('describe volumes')
    .description('Describe volumes as a JSON array, with the names that Docker uses.')
    .argument('<volume...>', 'names of volumes')
    .addOption(templateOption())
    .action(action);
}

async function action(volumes: string[], _flags: object, command: Command): Promise<void> {
  const engine = openEngine();
  await inspectEach(command, volumes, (name) => inspectVolume(engine, name));
}
