import type { Command } from 'commander';
import { exportContainer } from '../../ts/container/export.ts';
import { openEngine } from '../engine.ts';
import { interruptible } from '../interrupt.ts';
import { writeArchive } from '../output/archive.ts';

export function register(parent: Command): void {
  parent
    .command('export')
    .summary('write a container’s file system as a tar archive')
    .description(
      'Write all files that a container sees, but for its volumes, as one tar archive to stdout or to a file.',
    )
    .argument('<container>', 'name, id, or the start of an id')
    .option('-o, --output <file>', 'write to a file instead of stdout')
    .action(action);
}

async function action(container: string, { output }: { output?: string }): Promise<void> {
  const write = (signal?: AbortSignal) =>
    writeArchive('export', exportContainer(openEngine(), container, signal), output);
  await (output === undefined ? write() : interruptible(write));
}
