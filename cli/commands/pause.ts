import type { Command } from 'commander';
import { pauseContainer } from '../../ts/container/pausing.ts';
import { openEngine } from '../engine.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('pause')
    .summary('stop all processes of containers where they are')
    .description('Stop all processes of containers where they are, until rcx unpause.')
    .argument('<container...>', 'names, ids, or starts of ids')
    .action(action);
}

async function action(names: string[], _flags: object, command: Command): Promise<void> {
  const engine = openEngine();
  await forEach(command, names, async (name) => {
    await pauseContainer(engine, name);
    print(name);
  });
}
