import type { Command } from 'commander';
import { waitForContainer } from '../../ts/container/waitFor.ts';
import { openEngine } from '../engine.ts';
import { forEach } from '../output/failures.ts';
import { print } from '../output/print.ts';

export function register(parent: Command): void {
  parent
    .command('wait')
    .summary('wait until containers have ended')
    .description('Wait until containers have ended, and print their exit codes; -1 where nobody has seen the end.')
    .argument('<container...>', 'names, ids, or starts of ids')
    .action(action);
}

async function action(names: string[], _flags: object, command: Command): Promise<void> {
  const engine = openEngine();
  // All at once: one that was removed at its end could not be asked for it afterwards.
  const codes = new Map(names.map((name) => [name, waitForContainer(engine, name)]));
  for (const code of codes.values()) code.catch(() => undefined);
  await forEach(command, names, async (name) => print(String((await codes.get(name)) ?? -1)));
}
