import { type Command, InvalidArgumentError } from 'commander';
import { readLogs } from '../../ts/container/logs/read.ts';
import { openEngine } from '../engine.ts';
import { time } from '../flags/time.ts';
import { writeLog } from '../output/log.ts';

interface LogsFlags {
  follow?: true;
  since?: bigint;
  until?: bigint;
  tail?: number;
  timestamps?: true;
  details?: true;
}

export function register(parent: Command): void {
  parent
    .command('logs')
    .summary('show what a container has written')
    .description('Show what a container’s program has written, to stdout and stderr as it did.')
    .argument('<container>', 'name, id, or the start of an id')
    .option('-f, --follow', 'go on until the container has ended')
    .option('-n, --tail <lines>', 'only the last so many of those that are there, "all" by default', lines)
    .option('--since <time>', 'not what is older: 2026-01-31T12:00:00, or 10m for ten minutes ago', time)
    .option('--until <time>', 'not what is newer', time)
    .option('-t, --timestamps', 'show when each line was written')
    .option('--details', 'put what the log options add in front of each line: nothing but a space, as there are none')
    .action(action);
}

function lines(text: string): number {
  // As to Docker, a number below zero is none. Not undefined, which commander takes for an empty text.
  if (text === 'all' || /^-[0-9]{1,15}$/.test(text)) return Number.POSITIVE_INFINITY;
  if (!/^[0-9]{1,15}$/.test(text)) throw new InvalidArgumentError('give a number of lines, or all');
  return Number(text);
}

async function action(name: string, { follow, since, until, tail, timestamps, details }: LogsFlags): Promise<void> {
  const options = { follow, since, until, tail };
  await writeLog(readLogs(openEngine(), name, options), {
    timestamps: timestamps ?? false,
    details: details ?? false,
  });
}
