import type { Command } from 'commander';
import { renameContainer } from '../../ts/container/rename.ts';
import { openEngine } from '../engine.ts';

export function register(parent: Command): void {
  parent
    .command('rename')
    .summary('give a container another name')
    .description('Give a container another name, whether it runs or not.')
    .argument('<container>', 'name, id, or the start of an id')
    .argument('<name>', 'the new name')
    .action(action);
}

async function action(container: string, name: string): Promise<void> {
  await renameContainer(openEngine(), container, name);
}
