import type { Command } from 'commander';
import { removeVolume } from '../../../ts/volume/remove.ts';
import { openEngine } from '../../engine.ts';
import { forEach } from '../../output/failures.ts';
import { print } from '../../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('rm')
    .alias('remove')
    .summary('remove volumes')
    .description('Remove volumes with all that is in them. One that a container has, running or not, stays.')
    .argument('<volume...>', 'names of volumes')
    .option('-f, --force', 'what is not there is no error')
    .action(action);
}

async function action(volumes: string[], { force }: { force?: true }, command: Command): Promise<void> {
  const engine = openEngine();
  await forEach(command, volumes, async (name) => {
    await removeVolume(engine, name, { force });
    print(name);
  });
}
