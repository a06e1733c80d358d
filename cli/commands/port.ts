import type { Command } from 'commander';
import { publishedPorts } from '../../ts/container/ports.ts';
import { openEngine } from '../engine.ts';
import { print } from '../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('port')
    .summary('list the ports of the host that lead to a container')
    .description('List the ports of the host that lead to a container, or that which leads to one of its ports.')
    .argument('<container>', 'name, id, or the start of an id')
    .argument('[port[/protocol]]', 'a port of the container, of TCP where it does not say')
    .action(action);
}

async function action(name: string, port: string | undefined): Promise<void> {
  for (const line of await publishedPorts(openEngine(), name, port)) print(line);
}
