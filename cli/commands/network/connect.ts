import { type Command, InvalidArgumentError } from 'commander';
import { connectNetwork } from '../../../ts/network/connect.ts';
import { openEngine } from '../../engine.ts';
import { collect } from '../../flags/values.ts';

interface ConnectFlags {
  alias?: string[];
  ip?: string;
  ip6?: string;
}

export function register(parent: Command): void {
  parent
    .command('connect')
    .summary('have a container be in one more network')
    .description('Have a container be in one more network, at once if it runs.')
    .argument('<network>', 'name or id of the network')
    .argument('<container>', 'name or id of the container')
    .option('--alias <name>', 'other name in the network', collect(String, InvalidArgumentError))
    .option('--ip <address>', 'address in the network')
    .option('--ip6 <address>', 'IPv6 address in the network')
    .action(action);
}

async function action(network: string, container: string, { alias: aliases, ip, ip6 }: ConnectFlags): Promise<void> {
  await connectNetwork(openEngine(), container, { network, aliases, ip, ip6 });
}
