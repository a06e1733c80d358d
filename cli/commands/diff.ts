import type { Command } from 'commander';
import { diffContainer } from '../../ts/container/diff.ts';
import { openEngine } from '../engine.ts';
import { printable } from '../output/errors.ts';
import { print } from '../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('diff')
    .summary('list what a container has changed')
    .description('List the files and directories that a container has added (A), changed (C) or deleted (D).')
    .argument('<container>', 'name, id, or the start of an id')
    .action(action);
}

async function action(container: string): Promise<void> {
  for (const { kind, path } of await diffContainer(openEngine(), container)) print(`${kind} ${printable(path)}`);
}
