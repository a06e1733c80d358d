import type { Command } from 'commander';
import { createOnly } from '../../ts/container/runDetached.ts';
import { openEngine } from '../engine.ts';
import { type ContainerFlags, containerOptions, withContainerFlags } from '../flags/container.ts';
import { print } from '../output/print.ts';
import { pullProgress } from '../output/progress.ts';

export function register(parent: Command): void {
  const command = parent
    .command('create')
    .summary('make a container without starting it')
    .description('Make a container and print its id; rcx start runs its program. Flags are those of rcx run.')
    .argument('<image>', 'image, or with --rootfs a directory')
    .argument('[command...]', 'program and arguments, instead of the image’s own')
    .passThroughOptions();
  withContainerFlags(command).helpOption('--help', 'show this help').action(action);
}

async function action(image: string, command: string[], flags: ContainerFlags, self: Command): Promise<void> {
  const engine = openEngine();
  const id = await createOnly(engine, {
    image,
    rootfs: flags.rootfs ?? false,
    interactive: flags.interactive ?? false,
    pull: flags.pull,
    progress: pullProgress(flags.quiet ?? false),
    attach: flags.attach,
    options: { ...containerOptions(command, flags), cgroupManager: self.optsWithGlobals().cgroupManager },
  });
  print(id);
  await engine.close();
}
