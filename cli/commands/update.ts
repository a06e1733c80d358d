import { type Command, InvalidArgumentError } from 'commander';
import { type UpdateOptions, updateContainer } from '../../ts/container/update.ts';
import { Engine } from '../../ts/engine.ts';
import { restartPolicy } from '../flags/life.ts';
import { memorySize, positive, size, whole } from '../flags/values.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';

export function register(parent: Command): void {
  const number = (text: string) => whole(text, InvalidArgumentError);
  const memory = (text: string) => memorySize(text, InvalidArgumentError);
  parent
    .command('update')
    .summary('change limits of containers, and whether they are restarted')
    .description('Change limits of containers, and whether they are restarted; of those that run at once.')
    .argument('<container...>', 'names, ids, or starts of ids')
    .option('-m, --memory <size>', 'memory limit: bytes, or with b, k, m, g', memory)
    .option('--memory-swap <size>', 'limit of memory and swap together, -1 for none', swap)
    .option('--memory-reservation <size>', 'memory that is left to it when others want some', memory)
    .option('--cpus <number>', 'processors’ worth of time, e.g. 1.5', (text) => positive(text, InvalidArgumentError))
    .option('-c, --cpu-shares <number>', 'weight against others when all are busy; 1024 is usual', shares)
    .option('--cpu-quota <microseconds>', 'processor time of each period, -1 for no limit', number)
    .option('--cpu-period <microseconds>', 'what the quota is a part of', number)
    .option('--cpuset-cpus <list>', 'processors it may use: 0-2,7')
    .option('--cpuset-mems <list>', 'memory nodes it may use')
    .option('--pids-limit <number>', 'most processes at a time, -1 for no limit', number)
    .option('--restart <policy>', 'no, on-failure[:most], always, unless-stopped', (text) =>
      restartPolicy(text, InvalidArgumentError),
    )
    .action(action);
}

function swap(text: string): number {
  return text === '-1' ? -1 : size(text, InvalidArgumentError);
}

function shares(text: string): number {
  const number = whole(text, InvalidArgumentError);
  if (number < 2) throw new InvalidArgumentError('the least is 2.');
  return number;
}

async function action(names: string[], options: UpdateOptions, command: Command): Promise<void> {
  if (Object.keys(options).length === 0) command.error('error: nothing to change: give at least one option');
  const engine = new Engine();
  await forEach(command, names, async (name) => {
    await updateContainer(engine, name, options);
    print(name);
  });
}
