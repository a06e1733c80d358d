import { type Command, InvalidArgumentError } from 'commander';
import { createNetwork } from '../../../ts/network/create.ts';
import { openEngine } from '../../engine.ts';
import { collect, label } from '../../flags/values.ts';
import { print } from '../../output/print.ts';

interface CreateFlags {
  driver?: string;
  subnet?: string[];
  gateway?: string[];
  internal?: true;
  ipv6?: true;
  opt: Record<string, string>;
  label: Record<string, string>;
}

export function register(parent: Command): void {
  const list = collect(String, InvalidArgumentError);
  parent
    .command('create')
    .summary('make a network')
    .description(
      'Make a network and print its id. Its containers reach each other by name, this machine, and what this machine ' +
        'reaches; containers of other networks do not reach them.',
    )
    .argument('<network>', 'name of the network')
    .option('-d, --driver <driver>', 'bridge, which is the only one')
    .option('--internal', 'without a way out')
    .option('--ipv6', 'with IPv6 addresses as well')
    .option('--subnet <subnet>', 'its addresses, as 172.30.0.0/16 or fd00:1::/64; free ones when left out', list)
    .option('--gateway <address>', 'this machine’s own; the first of the subnet when left out', list)
    .option('-o, --opt <name=value>', 'com.docker.network.driver.mtu: largest packet in bytes', label, {})
    .option('--label <name=value>', 'label of the network', label, {})
    .addHelpText(
      'after',
      '\nExamples:\n  rcx network create shop\n  rcx run -d --network shop --name db postgres\n  rcx run -d --network shop -p 8080:80 web',
    )
    .action(action);
}

async function action(name: string, flags: CreateFlags): Promise<void> {
  const { label: labels, opt: options, subnet: subnets, gateway: gateways, ...rest } = flags;
  const network = await createNetwork(openEngine(), { name, labels, options, subnets, gateways, ...rest });
  print(network.id);
}
