import type { Command } from 'commander';
import { killContainer } from '../../ts/container/stop.ts';
import { openEngine } from '../engine.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('kill')
    .summary('send a signal to containers')
    .description('Send a signal to the programs of containers, KILL unless another is given.')
    .argument('<container...>', 'names, ids, or starts of ids')
    .option('-s, --signal <signal>', 'by name or number', 'KILL')
    .action(action);
}

async function action(names: string[], { signal }: { signal: string }, command: Command): Promise<void> {
  const engine = openEngine();
  await forEach(command, names, async (name) => {
    await killContainer(engine, name, signal);
    print(name);
  });
}
