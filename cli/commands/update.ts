import { type Command, InvalidArgumentError } from 'commander';
import { parseRestartPolicy } from '../../ts/container/restartPolicy.ts';
import { type UpdateOptions, updateContainer } from '../../ts/container/update.ts';
import { openEngine } from '../engine.ts';
import { addLimitFlags } from '../flags/limits.ts';
import { checked } from '../flags/values.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';

export function register(parent: Command): void {
  const command = parent
    .command('update')
    .summary('change limits of containers, and whether they are restarted')
    .description('Change limits of containers, and whether they are restarted; of those that run at once.')
    .argument('<container...>', 'names, ids, or starts of ids');
  addLimitFlags(command);
  command
    .option(
      '--restart <policy>',
      'no, on-failure[:most], always, unless-stopped',
      checked(parseRestartPolicy, InvalidArgumentError),
    )
    .action(action);
}

async function action(names: string[], options: UpdateOptions, command: Command): Promise<void> {
  if (Object.keys(options).length === 0) command.error('error: nothing to change: give at least one option');
  const engine = openEngine();
  await forEach(command, names, async (name) => {
    await updateContainer(engine, name, options);
    print(name);
  });
}
