import type { Command } from 'commander';
import { removeContainer } from '../../ts/container/remove.ts';
import { openEngine } from '../engine.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';

interface RmFlags {
  force?: true;
  volumes?: true;
}

export function register(parent: Command, name = 'rm'): void {
  parent
    .command(name)
    .summary('remove containers')
    .description(
      'Remove containers with all that was written in them. Each is given by name, id, or the start of an id.',
    )
    .argument('<container...>', 'containers to remove')
    .option('-f, --force', 'kill those that run; remove damaged ones, too')
    .option('-v, --volumes', 'remove their anonymous volumes, too')
    .action(action);
}

async function action(containers: string[], flags: RmFlags, command: Command): Promise<void> {
  const engine = openEngine();
  await forEach(command, containers, async (container) => {
    await removeContainer(engine, container, { force: flags.force, volumes: flags.volumes });
    print(container);
  });
}
