import { type Command, InvalidArgumentError } from 'commander';
import { parseTaggedReference } from '../../ts/oci/reference.ts';
import { openEngine } from '../engine.ts';
import { sourceDateEpoch } from '../flags/environment.ts';
import { collect } from '../flags/values.ts';
import { interruptible } from '../interrupt.ts';
import { print } from '../output/print.ts';

interface CommitFlags {
  author?: string;
  change?: string[];
  message?: string;
  pause: boolean;
}

export function register(parent: Command): void {
  parent
    .command('commit')
    .summary('make an image of what a container has changed')
    .description(
      'Make an image of a container: the layers of its image, and one more with what the container has changed. Its processes ' +
        'stand still meanwhile. Mounted volumes are not part of it.',
    )
    .argument('<container>', 'name, id, or the start of an id')
    .argument('[name]', '[registry[:port]/]repository[:tag] of the image')
    .option('-a, --author <author>', 'who made it, "Ada <ada@example.org>"')
    .option(
      '-c, --change <instruction>',
      'instruction of a Dockerfile, "ENV A=b"',
      collect(String, InvalidArgumentError),
    )
    .option('-m, --message <message>', 'what was changed')
    .option('-p, --pause', 'let the container stand still meanwhile (the default)', true)
    .option('--no-pause', 'read its files while it writes them')
    .action(action);
}

async function action(container: string, name: string | undefined, flags: CommitFlags): Promise<void> {
  const { commitContainer } = await import('../../ts/container/commit.ts');
  const { author, message, change: changes, pause } = flags;
  const reference = name === undefined ? undefined : parseTaggedReference(name);
  const options = { reference, author, message, changes, pause, epoch: sourceDateEpoch() };
  // Whoever interrupts it must not leave the container standing still.
  const commit = (signal: AbortSignal) => commitContainer(openEngine(), container, { ...options, signal });
  print((await interruptible(commit)).id);
}
