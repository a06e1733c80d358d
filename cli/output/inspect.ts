import type { Command } from 'commander';
import { forEach } from './failures.ts';
import { printJson } from './json.ts';

/** Prints the descriptions of all that are found as one array; the others are reported. */
export async function inspectEach(
  command: Command,
  names: readonly string[],
  describe: (name: string) => Promise<unknown> | unknown,
): Promise<void> {
  const found: unknown[] = [];
  await forEach(command, names, async (name) => {
    found.push(await describe(name));
  });
  printJson(found);
}
