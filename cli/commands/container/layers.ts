import type { Command } from 'commander';
import { findContainer } from '../../../ts/container/heal.ts';
import { containerLayers } from '../../../ts/container/layers.ts';
import { openEngine } from '../../engine.ts';
import { printable } from '../../output/errors.ts';
import { print } from '../../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('layers')
    .summary('list the directories that a container’s root is made of')
    .description(
      'List the union mount of a container, top to bottom: its read-write layer, the init layer that holds what rcx itself ' +
        'provides, then the layers of its image. rw is where writes go; ro+wh never changes, and its whiteouts hide what lies below.',
    )
    .argument('<container>', 'name, id, or the start of an id')
    .action(action);
}

async function action(name: string): Promise<void> {
  const container = await findContainer(openEngine(), name);
  for (const { path, mode } of containerLayers(container)) print(`${printable(path)}  ${mode}`);
}
