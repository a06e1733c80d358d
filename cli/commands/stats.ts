import type { Command } from 'commander';
import { watchStats } from '../../ts/container/stats.ts';
import { openEngine } from '../engine.ts';
import { listFormatOption } from '../output/formatFlag.ts';
import { readListFormat } from '../output/listFormat.ts';
import { LiveLines } from '../output/liveLines.ts';
import { print } from '../output/print.ts';
import { statsListing } from '../output/statsListing.ts';

interface StatsFlags {
  all?: true;
  /** `--no-stream` was not given. */
  stream: boolean;
  /** `--no-trunc` was not given. */
  trunc: boolean;
  format?: string;
}

export function register(parent: Command): void {
  parent
    .command('stats')
    .summary('show what containers use')
    .description(
      'Show what containers use of processors, memory, network and disks, once a second: of those that run, or of those that are named.',
    )
    .argument('[container...]', 'names, ids, or starts of ids')
    .option('-a, --all', 'show those that do not run, too')
    .option('--no-stream', 'show it once, after the second that it takes to find out')
    .option('--no-trunc', 'do not shorten ids')
    .addOption(listFormatOption())
    .action(action);
}

async function action(containers: string[], flags: StatsFlags, command: Command): Promise<void> {
  const render = await readListFormat(command, flags.format);
  const listing = statsListing(!flags.trunc);
  const live = flags.stream && process.stdout.isTTY ? new LiveLines(process.stdout) : undefined;
  for await (const stats of watchStats(openEngine(), { containers, all: flags.all })) {
    const lines = render(listing, stats);
    if (live !== undefined) live.show(lines.join('\n').split('\n'));
    else for (const line of lines) print(line);
    if (!flags.stream) return;
  }
}
