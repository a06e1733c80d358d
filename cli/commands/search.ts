import { type Command, InvalidArgumentError } from 'commander';
import { collect } from '../flags/values.ts';
import { listFormatOption } from '../output/formatFlag.ts';
import { readListFormat } from '../output/listFormat.ts';
import { print } from '../output/print.ts';
import { searchListing } from '../output/searchListing.ts';
import { warn } from '../output/warnings.ts';

interface SearchFlags {
  limit?: number;
  filter?: [name: string, value: string][];
  /** `--no-trunc` was not given. */
  trunc: boolean;
  format?: string;
}

export function register(parent: Command): void {
  parent
    .command('search')
    .summary('search a registry for images')
    .description(
      'Search Docker Hub for images, or another registry for repositories whose name has the term in it, if the registry lets ' +
        'its repositories be listed.',
    )
    .argument('<term>', 'part of a name; registry[:port]/TERM for another registry')
    .option('-f, --filter <name=value>', 'is-official=true|false, stars=NUMBER', collect(filter, InvalidArgumentError))
    .addOption(listFormatOption())
    .option('--limit <number>', 'most results, 1 to 100 (default: 25)', limit)
    .option('--no-trunc', 'do not shorten descriptions')
    .addHelpText(
      'after',
      '\nExamples:\n  rcx search --filter is-official=true postgres\n  rcx search localhost:5000/app',
    )
    .action(action);
}

async function action(text: string, flags: SearchFlags, command: Command): Promise<void> {
  const render = await readListFormat(command, flags.format);
  if (flags.filter?.some(([name]) => name === 'is-automated')) {
    warn('WARNING: the "is-automated" filter is deprecated, and is-automated=true yields no results.');
  }
  const { searchImages } = await import('../../ts/registry/searchImages.ts');
  const found = await searchImages({ text, limit: flags.limit, filters: flags.filter });
  // Docker shows one and the same field differently as text and as JSON.
  const form = /^json$|\{\{\s*json\s+\.\s*\}\}/.test(flags.format ?? '') ? 'json' : 'text';
  for (const line of render(searchListing(!flags.trunc, form), found)) print(line);
}

function filter(text: string): [name: string, value: string] {
  const [, name, value] = /^([^=]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new InvalidArgumentError('bad format of filter (expected name=value)');
  }
  return [name.trim().toLowerCase(), value.trim()];
}

function limit(text: string): number {
  if (!/^[+-]?\d+$/.test(text)) throw new InvalidArgumentError('give a whole number.');
  return Number(text);
}
