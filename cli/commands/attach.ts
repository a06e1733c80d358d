import type { Command } from 'commander';
import { attachInForeground } from '../../ts/container/foreground.ts';
import { openEngine } from '../engine.ts';

interface AttachFlags {
  detachKeys?: string;
  stdin: boolean;
  sigProxy: boolean;
}

export function register(parent: Command): void {
  parent
    .command('attach')
    .summary('connect to the program of a running container')
    .description(
      'Show the output of a running container’s program from now on, and pass input and signals on to it. Its end is the end of ' +
        'the command; the detach keys leave it as it is.',
    )
    .argument('<container>', 'name, id, or the start of an id')
    .option('--detach-keys <keys>', 'keys that leave the container, "ctrl-p,ctrl-q" by default')
    .option('--no-stdin', 'do not pass input on')
    .option('--sig-proxy', 'pass signals on (the default)', true)
    .option('--no-sig-proxy', 'do not pass signals on')
    .action(action);
}

async function action(name: string, { detachKeys, stdin, sigProxy }: AttachFlags): Promise<void> {
  process.exitCode = await attachInForeground(openEngine(), name, { stdin, sigProxy, detachKeys });
}
