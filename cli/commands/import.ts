import { type Command, InvalidArgumentError } from 'commander';
import { parseTaggedReference } from '../../ts/oci/reference.ts';
import type { Platform } from '../../ts/oci/types.ts';
import { openEngine } from '../engine.ts';
import { sourceDateEpoch } from '../flags/environment.ts';
import { collect, platform } from '../flags/values.ts';
import { print } from '../output/print.ts';

interface ImportFlags {
  change?: string[];
  message?: string;
  platform?: Platform;
}

export function register(parent: Command): void {
  parent
    .command('import')
    .summary('make an image of a root file system')
    .description('Make an image of one layer of the tar archive of a root file system, which may be compressed.')
    .argument('<file>', 'file, http or https URL, or - for stdin')
    .argument('[name]', '[registry[:port]/]repository[:tag] of the image')
    .option(
      '-c, --change <instruction>',
      'instruction of a Dockerfile, "ENV A=b"',
      collect(String, InvalidArgumentError),
    )
    .option('-m, --message <message>', 'what it is')
    .option('--platform <os/arch[/variant]>', 'what it is for, if not for this machine', platform)
    .action(action);
}

async function action(source: string, name: string | undefined, flags: ImportFlags): Promise<void> {
  const { importImage } = await import('../../ts/image/import.ts');
  const { openSource } = await import('../../ts/image/importSource.ts');
  const reference = name === undefined ? undefined : parseTaggedReference(name);
  const { change: changes, message = `Imported from ${source}`, platform } = flags;
  const options = { reference, changes, message, platform, epoch: sourceDateEpoch() };
  const { id } = await importImage(openEngine(), openSource(source), options);
  print(id);
}
