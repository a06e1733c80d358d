import type { Command } from 'commander';
import { listNetworks } from '../../../ts/network/list.ts';
import { openEngine } from '../../engine.ts';
import { filterOption } from '../../flags/filter.ts';
import { listFormatOption } from '../../output/formatFlag.ts';
import { shortId } from '../../output/ids.ts';
import { readListFormat } from '../../output/listFormat.ts';
import { networkListing } from '../../output/networkListing.ts';
import { print } from '../../output/print.ts';

interface LsFlags {
  quiet?: true;
  trunc: boolean;
  filter?: string[];
  format?: string;
}

export function register(parent: Command): void {
  parent
    .command('ls')
    .alias('list')
    .summary('list networks')
    .description('List the networks in the order of their names.')
    .option('-q, --quiet', 'show only ids')
    .option('--no-trunc', 'show whole ids')
    .addOption(filterOption('driver=bridge, id=part, label=name[=value], name=part'))
    .addOption(listFormatOption())
    .action(action);
}

async function action({ quiet, trunc, filter = [], format }: LsFlags, command: Command): Promise<void> {
  const render = await readListFormat(command, format);
  const found = listNetworks(openEngine(), filter);
  const networks = trunc ? found.map((network) => ({ ...network, id: shortId(network.id) })) : found;
  if (quiet) for (const { id } of networks) print(id);
  else for (const line of render(networkListing, networks)) print(line);
}
