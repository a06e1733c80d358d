import type { Command } from 'commander';
import { listVolumes } from '../../../ts/volume/list.ts';
import { openEngine } from '../../engine.ts';
import { filterOption } from '../../flags/filter.ts';
import { listFormatOption } from '../../output/formatFlag.ts';
import { readListFormat } from '../../output/listFormat.ts';
import { print } from '../../output/print.ts';
import { volumeListing } from '../../output/volumeListing.ts';

interface LsFlags {
  quiet?: true;
  filter?: string[];
  format?: string;
}

export function register(parent: Command): void {
  parent
    .command('ls')
    .alias('list')
    .summary('list volumes')
    .description('List the volumes in the order of their names.')
    .option('-q, --quiet', 'show only names')
    .addOption(filterOption('dangling=true|false, driver=local, label=name[=value], name=part'))
    .addOption(listFormatOption())
    .action(action);
}

async function action({ quiet, filter = [], format }: LsFlags, command: Command): Promise<void> {
  const render = await readListFormat(command, format);
  const volumes = listVolumes(openEngine(), filter);
  if (quiet) for (const { name } of volumes) print(name);
  else for (const line of render(volumeListing, volumes)) print(line);
}
