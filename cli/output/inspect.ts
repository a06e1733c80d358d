import { type Command, InvalidArgumentError, Option } from 'commander';
import { RcxError } from '../../ts/errors.ts';
import { forEach } from './failures.ts';
import { printJson } from './json.ts';
import { print } from './print.ts';
import { parseTemplate, type Template } from './template.ts';

/** Flags of every `inspect`. */
export interface InspectFlags {
  format?: Template;
}

/** `-f`, `--format`. */
export function templateOption(): Option {
  return new Option(
    '-f, --format <template>',
    'print what a Go template asks for: {{.Name}}, {{json .Name}}, {{index .Name "key"}}',
  ).argParser(parseFormat);
}

/** Reads a template; what is wrong with it is commander's error, which names the flag. */
export function parseFormat(text: string): Template {
  try {
    return parseTemplate(text);
  } catch (error) {
    if (error instanceof RcxError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}

/** Prints the descriptions of all that are found, as one array or each by the template; the others are reported. */
export async function inspectEach(
  command: Command,
  names: readonly string[],
  describe: (name: string) => Promise<unknown> | unknown,
): Promise<void> {
  const { format } = command.opts<InspectFlags>();
  const found: unknown[] = [];
  await forEach(command, names, async (name) => {
    const description = await describe(name);
    if (format === undefined) found.push(description);
    else print(format(description));
  });
  if (format === undefined) printJson(found);
}
