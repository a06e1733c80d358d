import type { Command } from 'commander';
import { resetStore } from '../../../ts/system/reset.ts';
import { openEngine } from '../../engine.ts';
import { confirm } from '../../input/confirm.ts';

const QUESTION = [
  'WARNING! This will end and remove all containers, and remove all images, volumes and networks.',
  'Are you sure you want to continue?',
].join('\n');

export function register(parent: Command): void {
  parent
    .command('reset')
    .summary('remove everything')
    .description(
      'End and remove all containers, and remove all images, volumes and networks: the store is as it was before the first ' +
        'command. Of an ordinary user this removes the files that belong to his subordinate ids, too.',
    )
    .option('-f, --force', 'do not ask')
    .action(action);
}

async function action({ force }: { force?: true }): Promise<void> {
  const engine = openEngine();
  await engine.enter();
  if (!force && !(await confirm(QUESTION))) return;
  await resetStore(engine);
}
