import type { Command } from 'commander';
import { removeNetwork } from '../../../ts/network/remove.ts';
import { openEngine } from '../../engine.ts';
import { forEach } from '../../output/failures.ts';
import { print } from '../../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('rm')
    .alias('remove')
    .summary('remove networks')
    .description('Remove networks. One that a container is in, running or not, stays.')
    .argument('<network...>', 'names or ids of networks')
    .option('-f, --force', 'what is not there is no error')
    .action(action);
}

async function action(networks: string[], { force }: { force?: true }, command: Command): Promise<void> {
  const engine = openEngine();
  await forEach(command, networks, async (name) => print(await removeNetwork(engine, name, { force })));
}
