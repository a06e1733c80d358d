import type { Command } from 'commander';
import { Engine } from '../../../ts/engine.ts';
import { createNetwork } from '../../../ts/network/create.ts';
import { label } from '../../flags/values.ts';
import { print } from '../../output/print.ts';

interface CreateFlags {
  driver?: string;
  subnet?: string;
  gateway?: string;
  internal?: true;
  label: Record<string, string>;
}

export function register(parent: Command): void {
  parent
    .command('create')
    .summary('make a network')
    .description(
      'Make a network and print its id. The containers in it and this machine reach each other; nothing else is reached. ' +
        'Networks with a way out are not there yet.',
    )
    .argument('<network>', 'name of the network')
    .option('-d, --driver <driver>', 'bridge, which is the only one')
    .option('--internal', 'without a way out')
    .option('--subnet <subnet>', 'its addresses, as 172.30.0.0/16; some that nothing else uses when left out')
    .option('--gateway <address>', 'this machine’s own; the first of the subnet when left out')
    .option('--label <name=value>', 'label of the network', label, {})
    .addHelpText(
      'after',
      '\nExamples:\n  rcx network create --internal backend\n  rcx run -d --network backend --ip 172.17.0.9 db',
    )
    .action(action);
}

async function action(name: string, { label: labels, ...flags }: CreateFlags): Promise<void> {
  const network = await createNetwork(new Engine(), { name, labels, ...flags });
  print(network.id);
}
