import type { Command } from 'commander';
import { parseEventFilters } from '../../ts/events/filter.ts';
import { readEvents } from '../../ts/events/read.ts';
import { openEngine } from '../engine.ts';
import { filterOption } from '../flags/filter.ts';
import { time } from '../flags/time.ts';
import { interruptible } from '../interrupt.ts';
import { formatEvent } from '../output/event.ts';
import { readTemplate } from '../output/formatFlag.ts';
import { isGone, print } from '../output/print.ts';

interface EventsFlags {
  filter?: string[];
  format?: string;
  since?: bigint;
  until?: bigint;
}

export function register(parent: Command): void {
  parent
    .command('events')
    .summary('show what happens to containers and images')
    .description(
      'Show what happens to containers and images, from now on or since a moment after the start of the machine.',
    )
    .addOption(filterOption('only those of a container, image, event, type, scope or label'))
    .option(
      '--format <template>',
      'print what a Go template asks for: {{.Action}}, {{json .}}; json for a line of JSON each',
    )
    .option('--since <time>', 'also what has happened since: 2026-01-31T12:00:00, or 10m for ten minutes ago', time)
    .option('--until <time>', 'end then', time)
    .action(action);
}

async function action({ filter = [], format, since, until }: EventsFlags, command: Command): Promise<void> {
  const { run } = openEngine().paths;
  const isWanted = parseEventFilters(filter);
  const render =
    format === undefined ? formatEvent : await readTemplate(command, ({ parseTemplate }) => parseTemplate(format));
  await interruptible(async (signal) => {
    for await (const event of readEvents(run, { since, until, signal })) {
      if (isWanted(event)) print(render(event));
      if (isGone()) return;
    }
  });
}
