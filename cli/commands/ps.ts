import { type Command, InvalidArgumentError } from 'commander';
import { parseContainerFilters } from '../../ts/container/filters.ts';
import { selectContainers } from '../../ts/container/list.ts';
import { openEngine } from '../engine.ts';
import { filterOption } from '../flags/filter.ts';
import { whole } from '../flags/values.ts';
import { containerId, containerListing, type ListedContainer } from '../output/containerListing.ts';
import { listFormatOption } from '../output/formatFlag.ts';
import { readListFormat } from '../output/listFormat.ts';
import { print } from '../output/print.ts';

interface PsFlags {
  all?: true;
  quiet?: true;
  last?: number;
  latest?: true;
  size?: true;
  /** `--no-trunc` was not given. */
  trunc: boolean;
  filter?: string[];
  format?: string;
}

export function register(parent: Command, name = 'ps'): void {
  const command = parent
    .command(name)
    .summary('list containers')
    .description(
      'List containers, newest first: those that run, or with -a all of them. What it says is checked against the processes ' +
        'there are, so it is right after a reboot and after a crash, too.',
    )
    .option('-a, --all', 'show those that do not run, too')
    .option('-q, --quiet', 'show only ids')
    .option('-n, --last <number>', 'show the newest so many, whether they run or not', (text) =>
      whole(text, InvalidArgumentError),
    )
    .option('-l, --latest', 'show the newest, whether it runs or not')
    .option('-s, --size', 'show what was written in each, and what that and its image take together')
    .option('--no-trunc', 'do not shorten ids and commands')
    .addOption(
      filterOption(
        'only those with name, id, label, status, exited, health, ancestor, before, since, volume, network, publish or expose',
      ),
    )
    .addOption(listFormatOption())
    .addHelpText('after', '\nRemove all containers that do not run:\n  rcx rm $(rcx ps -aq)')
    .action(action);
  // In a group of commands Docker has all of its names for it.
  if (name === 'ls') command.aliases(['list', 'ps']);
}

async function action(flags: PsFlags, command: Command): Promise<void> {
  const { all, quiet, latest, last = latest ? 1 : -1 } = flags;
  const render = await readListFormat(command, flags.format);
  const filters = parseContainerFilters(flags.filter ?? []);
  const engine = openEngine();
  // A template that asks for sizes need not be told so by another flag.
  const sizes = flags.size === true || (!quiet && /\.Size\b/.test(flags.format ?? ''));
  const { rows, damaged } = await selectContainers(engine, { all, last, filters, sizes });
  const shown: ListedContainer[] = [...rows, ...damaged.map((id) => ({ damaged: id }))];
  const options = { images: engine.images, noTrunc: !flags.trunc, size: flags.size ?? false };
  if (quiet) for (const listed of shown) print(containerId(listed, options));
  else for (const line of render(containerListing(options), shown)) print(line);
}
