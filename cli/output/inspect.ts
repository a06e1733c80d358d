import type { Command } from 'commander';
import { forEach } from './failures.ts';
import { readTemplate } from './formatFlag.ts';
import { printJson } from './json.ts';
import { print } from './print.ts';

/** Flags of every `inspect`. */
interface InspectFlags {
  format?: string;
}

/** Prints the descriptions of all that are found, as one array or each by the template; the others are reported. */
export async function inspectEach(
  command: Command,
  names: readonly string[],
  describe: (name: string) => Promise<unknown> | unknown,
): Promise<void> {
  const { format = '' } = command.opts<InspectFlags>();
  const template =
    format === '' ? undefined : await readTemplate(command, ({ parseTemplate }) => parseTemplate(format));
  const found: unknown[] = [];
  await forEach(command, names, async (name) => {
    const description = await describe(name);
    if (template === undefined) found.push(description);
    else print(template(description));
  });
  if (template === undefined) printJson(found);
}
