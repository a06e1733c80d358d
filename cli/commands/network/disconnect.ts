import type { Command } from 'commander';
import { disconnectNetwork } from '../../../ts/network/connect.ts';
import { openEngine } from '../../engine.ts';

export function register(parent: Command): void {
  parent
    .command('disconnect')
    .summary('have a container leave a network')
    .description('Have a container leave a network, at once if it runs.')
    .argument('<network>', 'name or id of the network')
    .argument('<container>', 'name or id of the container')
    .option('-f, --force', 'a container that is not in it is no error')
    .action(action);
}

async function action(network: string, container: string, { force }: { force?: true }): Promise<void> {
  await disconnectNetwork(openEngine(), container, network, { force });
}
