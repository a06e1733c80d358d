import { type Command, Option } from 'commander';
import type { ArchiveFormat } from '../../ts/image/archive/save.ts';
import type { Platform } from '../../ts/oci/types.ts';
import { openEngine } from '../engine.ts';
import { platform } from '../flags/values.ts';
import { interruptible } from '../interrupt.ts';
import { writeArchive } from '../output/archive.ts';

interface SaveFlags {
  output?: string;
  format?: ArchiveFormat;
  platform?: Platform;
}

export function register(parent: Command): void {
  parent
    .command('save')
    .summary('write images as a tar archive')
    .description(
      'Write one or more images, with all their layers, as one tar archive to stdout or to a file. A name without a tag stands ' +
        'for all tags of the repository; an id saves the image without its names.',
    )
    .argument('<image...>', 'names, ids, or the start of ids')
    .option('-o, --output <file>', 'write to a file instead of stdout')
    .addOption(
      new Option(
        '--format <format>',
        'oci-archive: an OCI image layout alone; docker-archive: docker’s format alone, with uncompressed layers; by ' +
          'default what docker writes since version 25, which has both',
      ).choices(['oci-archive', 'docker-archive']),
    )
    .option('--platform <os/arch[/variant]>', 'fail if an image is for another platform', platform)
    .action(action);
}

async function action(names: string[], { output, ...options }: SaveFlags): Promise<void> {
  const { saveImages } = await import('../../ts/image/archive/save.ts');
  const save = (signal?: AbortSignal) =>
    writeArchive('save', saveImages(openEngine(), names, { ...options, signal }), output);
  // There is a file to clear away only where one is written; and a write to a pipe that nobody reads hears no signal.
  await (output === undefined ? save() : interruptible(save));
}
