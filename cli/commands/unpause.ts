import type { Command } from 'commander';
import { unpauseContainer } from '../../ts/container/pausing.ts';
import { openEngine } from '../engine.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('unpause')
    .summary('let paused containers go on')
    .description('Let paused containers go on.')
    .argument('<container...>', 'names, ids, or starts of ids')
    .action(action);
}

async function action(names: string[], _flags: object, command: Command): Promise<void> {
  const engine = openEngine();
  await forEach(command, names, async (name) => {
    await unpauseContainer(engine, name);
    print(name);
  });
}
