import { type Command, Option } from 'commander';
import { RcxError } from '../../ts/errors.ts';
import type * as Templates from './template/index.ts';

/** `-f`, `--format` of every `inspect`. */
export function templateOption(): Option {
  return new Option(
    '-f, --format <template>',
    'print what a Go template asks for: {{.Name}}, {{json .Mounts}}, {{index .Config.Labels "key"}}; json for one line of JSON',
  );
}

/** `--format` of lists. */
export function listFormatOption(): Option {
  return new Option(
    '--format <format>',
    'json for a line of JSON each, a Go template, {{.ID}}, or table and a template, "table {{.ID}}\\t{{.Size}}"',
  ).conflicts('quiet');
}

/**
 * Reads a template. The module for it is loaded here: most calls of a command have none. A wrong template is a wrong flag.
 */
export async function readTemplate<T>(command: Command, read: (templates: typeof Templates) => T): Promise<T> {
  const templates = await import('./template/index.ts');
  try {
    return read(templates);
  } catch (error) {
    if (!(error instanceof RcxError)) throw error;
    return command.error(`error: ${[error.message, error.hint].filter((part) => part !== undefined).join('; ')}`);
  }
}
