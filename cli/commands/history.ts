import type { Command } from 'commander';
import { imageHistory } from '../../ts/image/history.ts';
import { openEngine } from '../engine.ts';
import { listFormatOption } from '../output/formatFlag.ts';
import { historyListing } from '../output/historyListing.ts';
import { readListFormat } from '../output/listFormat.ts';
import { print } from '../output/print.ts';

interface HistoryFlags {
  human: boolean;
  trunc: boolean;
  quiet?: true;
  format?: string;
}

export function register(parent: Command): void {
  parent
    .command('history')
    .summary('show how an image was made')
    .description('Show the steps that an image was made in, last one first.')
    .argument('<image>', 'name, id, or the start of an id')
    .option('-H, --human', 'sizes and dates in words (the default)', true)
    .option('--no-human', 'sizes in bytes, dates as RFC 3339')
    .option('--no-trunc', 'do not shorten')
    .option('-q, --quiet', 'show only ids')
    .addOption(listFormatOption())
    .action(action);
}

async function action(image: string, flags: HistoryFlags, command: Command): Promise<void> {
  const render = await readListFormat(command, flags.quiet ? '{{.ID}}' : flags.format);
  const listing = historyListing({ noTrunc: !flags.trunc, human: flags.human });
  for (const line of render(listing, imageHistory(openEngine(), image))) print(line);
}
