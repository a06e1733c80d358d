import type { Command } from 'commander';
import { startInForeground } from '../../ts/container/foreground.ts';
import { startContainer } from '../../ts/container/start.ts';
import { openEngine } from '../engine.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';

interface StartFlags {
  attach?: true;
  interactive?: true;
  detachKeys?: string;
}

export function register(parent: Command): void {
  parent
    .command('start')
    .summary('run the programs of containers again')
    .description('Run the programs of containers that were made or have ended.')
    .argument('<container...>', 'names, ids, or starts of ids')
    .option('-a, --attach', 'show the output, and pass signals on')
    .option('-i, --interactive', 'pass input on, too')
    .option('--detach-keys <keys>', 'keys that leave the container, "ctrl-p,ctrl-q" by default')
    .action(action);
}

async function action(names: string[], flags: StartFlags, command: Command): Promise<void> {
  const engine = openEngine();
  const [name = '', ...more] = names;
  if (flags.attach || flags.interactive) {
    if (more.length > 0) command.error('error: only one container can be attached to');
    const { interactive = false, detachKeys } = flags;
    process.exitCode = await startInForeground(engine, name, { interactive, detachKeys });
    return;
  }
  await forEach(command, names, async (each) => {
    await startContainer(engine, each);
    print(each);
  });
}
