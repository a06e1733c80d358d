import type { Command } from 'commander';
import { listContainers } from '../../ts/container/heal.ts';
import { Engine } from '../../ts/engine.ts';
import { containerId, containerListing, type ListedContainer } from '../output/containerListing.ts';
import { listFormatOption } from '../output/formatFlag.ts';
import { readListFormat } from '../output/listFormat.ts';
import { print } from '../output/print.ts';

interface PsFlags {
  all?: true;
  quiet?: true;
  /** `--no-trunc` was not given. */
  trunc: boolean;
  format?: string;
}

export function register(parent: Command, name = 'ps'): void {
  parent
    .command(name)
    .summary('list containers')
    .description(
      'List containers, newest first: those that run, or with -a all of them. What it says is checked against the processes ' +
        'there are, so it is right after a reboot and after a crash, too.',
    )
    .option('-a, --all', 'show those that do not run, too')
    .option('-q, --quiet', 'show only ids')
    .option('--no-trunc', 'do not shorten ids and commands')
    .addOption(listFormatOption())
    .addHelpText('after', '\nRemove all containers that do not run:\n  rcx rm $(rcx ps -aq)')
    .action(action);
}

async function action(flags: PsFlags, command: Command): Promise<void> {
  const render = await readListFormat(command, flags.format);
  const engine = new Engine();
  const containers = await listContainers(engine);
  const shown: ListedContainer[] = flags.all
    ? [...containers, ...engine.containers.damaged().map((damaged) => ({ damaged }))]
    : containers.filter(({ state }) => state.status === 'running');
  const options = { images: engine.images, noTrunc: !flags.trunc };
  if (flags.quiet) for (const listed of shown) print(containerId(listed, options));
  else for (const line of render(containerListing(options), shown)) print(line);
}
