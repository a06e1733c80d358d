import type { Command } from 'commander';
import { inspectNetwork } from '../../../ts/network/inspect.ts';
import { openEngine } from '../../engine.ts';
import { templateOption } from '../../output/formatFlag.ts';
import { inspectEach } from '../../output/inspect.ts';

export function register(parent: Command): void {
  parent
    .command('inspect')
    .summary('describe networks')
    .description('Describe networks as a JSON array, with the names that Docker uses.')
    .argument('<network...>', 'names or ids of networks')
    .addOption(templateOption())
    .action(action);
}

async function action(networks: string[], _flags: object, command: Command): Promise<void> {
  const engine = openEngine();
  await inspectEach(command, networks, (name) => inspectNetwork(engine, name));
}
