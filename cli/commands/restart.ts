import { type Command, InvalidArgumentError, Option } from 'commander';
import { restartContainer } from '../../ts/container/stop.ts';
import { openEngine } from '../engine.ts';
import { whole } from '../flags/values.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';

interface RestartFlags {
  signal?: string;
  timeout?: number;
  time?: number;
}

export function register(parent: Command): void {
  parent
    .command('restart')
    .summary('stop containers and start them again')
    .description('Stop containers, if they run, and start them again.')
    .argument('<container...>', 'names, ids, or starts of ids')
    .option('-s, --signal <signal>', 'signal to ask with, instead of the container’s')
    .option('-t, --timeout <seconds>', 'how long they have before they are killed', (text) =>
      whole(text, InvalidArgumentError),
    )
    .addOption(
      // Docker's name of old.
      new Option('--time <seconds>', 'the same, as older versions of Docker call it')
        .hideHelp()
        .argParser((text) => whole(text, InvalidArgumentError)),
    )
    .action(action);
}

async function action(
  names: string[],
  { signal, time, timeout = time }: RestartFlags,
  command: Command,
): Promise<void> {
  const engine = openEngine();
  await forEach(command, names, async (name) => {
    await restartContainer(engine, name, { signal, timeout });
    print(name);
  });
}
