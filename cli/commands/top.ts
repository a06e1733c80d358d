import type { Command } from 'commander';
import { topContainer } from '../../ts/container/top.ts';
import { openEngine } from '../engine.ts';
import { printable } from '../output/errors.ts';
import { formatTable } from '../output/format.ts';
import { print } from '../output/print.ts';

/** Docker's columns of `top` are wider than its others. */
const LEAST_WIDTH = 20;

export function register(parent: Command): void {
  parent
    .command('top')
    .summary('list the processes of a container')
    .description(
      'List the processes of a container, as the host sees them. Options are those of the host’s ps, which is needed for them alone.',
    )
    .argument('<container>', 'name, id, or the start of an id')
    .argument('[option...]', 'options of ps: -o pid,comm or aux')
    .passThroughOptions()
    .addHelpText('after', '\nExamples:\n  rcx top web\n  rcx top web -o pid,rss,args')
    .action(action);
}

async function action(name: string, options: string[]): Promise<void> {
  const { titles, rows } = await topContainer(openEngine(), name, options);
  const cells = rows.map((row) => row.map(printable));
  print(formatTable(titles.map(printable), cells, LEAST_WIDTH));
}
