import type { Command } from 'commander';
import type { FromHostEvent } from '../../../ts/image/fromHost/build.ts';
import { openEngine } from '../../engine.ts';
import { printable } from '../../output/errors.ts';
import { formatSize } from '../../output/format.ts';
import { print } from '../../output/print.ts';
import { pullProgress } from '../../output/progress.ts';

interface FromHostFlags {
  tag: string;
  quiet?: true;
}

export function register(parent: Command): void {
  parent
    .command('from-host')
    .summary('make an image of this machine’s programs')
    .description(
      'Make an ordinary one-layer image of programs of this machine and all they need to start: shared libraries, their ' +
        'loader, interpreters of scripts, name services. No network is needed. Without programs it is a shell and what a ' +
        'small distribution has.',
    )
    .argument('[program...]', 'names, looked up as a shell does, or paths')
    .option('-t, --tag <name>', 'name of the image', 'localhost/host')
    .option('-q, --quiet', 'print nothing but the id of the image')
    .addHelpText('after', '\nExamples:\n  rcx image from-host\n  rcx image from-host --tag localhost/tools bash ls jq')
    .action(action);
}

async function action(programs: string[], flags: FromHostFlags): Promise<void> {
  const { imageFromHost } = await import('../../../ts/image/fromHost/build.ts');
  const engine = openEngine();
  await engine.enter();
  const quiet = flags.quiet ?? false;
  const progress = pullProgress(quiet);
  let found = 0;
  const onEvent = (event: FromHostEvent) => {
    if (event.type === 'program') found++;
    else if (event.type !== 'skipped') progress.onEvent?.(event);
    else if (!quiet) process.stderr.write(printable(`Left out ${event.name}: ${event.reason}`).concat('\n'));
  };
  const image = await imageFromHost({ paths: engine.paths }, { tag: flags.tag, programs, onEvent });
  progress.finish();
  if (!quiet)
    process.stderr.write(printable(`${flags.tag}: ${found} programs, ${formatSize(image.size)}`).concat('\n'));
  print(image.id);
}
