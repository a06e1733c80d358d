import type { Command } from 'commander';
import { runInForeground } from '../../ts/container/foreground.ts';
import { runDetached } from '../../ts/container/runDetached.ts';
import { openEngine } from '../engine.ts';
import { type ContainerFlags, containerOptions, withContainerFlags } from '../flags/container.ts';
import { print } from '../output/print.ts';
import { pullProgress } from '../output/progress.ts';
import { writeTrace } from '../output/trace.ts';

interface RunFlags extends ContainerFlags {
  detach?: true;
  detachKeys?: string;
  sigProxy: boolean;
  trace?: true;
}

export function register(parent: Command): void {
  const command = parent
    .command('run')
    .summary('run a program in a new container')
    .description(
      'Run a program in a new container. Flags go before the image, what follows it is the program. The container goes on when ' +
        'rcx is killed or its terminal is closed.',
    )
    .argument('<image>', 'image, or with --rootfs a directory')
    .argument('[command...]', 'program and arguments, instead of the image’s own')
    .passThroughOptions()
    .option('-d, --detach', 'run it in the background and print its id')
    .option('--sig-proxy', 'pass signals on (the default)', true)
    .option('--no-sig-proxy', 'do not pass signals on')
    .option('--detach-keys <keys>', 'keys that leave the container, "ctrl-p,ctrl-q" by default')
    .option('--trace', 'say on stderr how long each part of the launch took');
  withContainerFlags(command).helpOption('--help', 'show this help').action(action);
}

async function action(image: string, words: string[], flags: RunFlags, command: Command): Promise<void> {
  if (flags.detach && flags.attach) {
    command.error('error: conflicting options: cannot specify both --attach and --detach');
  }
  const engine = openEngine();
  const wanted = {
    image,
    rootfs: flags.rootfs ?? false,
    interactive: flags.interactive ?? false,
    pull: flags.pull,
    progress: pullProgress(flags.quiet ?? false),
    options: {
      ...containerOptions(words, flags),
      cgroupManager: command.optsWithGlobals().cgroupManager,
      trace: flags.trace,
    },
    attach: flags.attach,
    sigProxy: flags.sigProxy,
    onId: print,
    detachKeys: flags.detachKeys,
    onTrace: writeTrace,
  };
  if (flags.detach) print(await runDetached(engine, wanted));
  else process.exitCode = await runInForeground(engine, wanted);
  await engine.close();
}
