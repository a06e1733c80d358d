import type { Command } from 'commander';
import { findContainer } from '../../../ts/container/heal.ts';
import { inspectContainer } from '../../../ts/container/inspect.ts';
import { Engine } from '../../../ts/engine.ts';
import { templateOption } from '../../output/formatFlag.ts';
import { inspectEach } from '../../output/inspect.ts';

export function register(parent: Command): void {
  parent
    .command('inspect')
    .summary('describe containers')
    .description('Describe containers as a JSON array, with the names that Docker uses.')
    .argument('<container...>', 'names, ids, or the start of ids')
    .addOption(templateOption())
    .action(action);
}

async function action(containers: string[], _flags: object, command: Command): Promise<void> {
  const engine = new Engine();
  await inspectEach(command, containers, async (name) => inspectContainer(await findContainer(engine, name)));
}
