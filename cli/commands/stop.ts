import { type Command, InvalidArgumentError, Option } from 'commander';
import { stopContainer } from '../../ts/container/stop.ts';
import { openEngine } from '../engine.ts';
import { whole } from '../flags/values.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';

interface StopFlags {
  signal?: string;
  timeout?: number;
  time?: number;
}

export function register(parent: Command): void {
  parent
    .command('stop')
    .summary('ask containers to end, and kill those that do not')
    .description('Ask containers to end, and kill those that have not after some seconds. They are not run again.')
    .argument('<container...>', 'names, ids, or starts of ids')
    .option('-s, --signal <signal>', 'signal to ask with, instead of the container’s')
    .option('-t, --timeout <seconds>', 'how long they have, -1 for as long as they want', (text) =>
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

async function action(names: string[], { signal, time, timeout = time }: StopFlags, command: Command): Promise<void> {
  const engine = openEngine();
  await forEach(command, names, async (name) => {
    await stopContainer(engine, name, { signal, timeout });
    print(name);
  });
}
