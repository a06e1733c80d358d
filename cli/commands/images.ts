import type { Command } from 'commander';
import { Engine } from '../../ts/engine.ts';
import { listImages } from '../../ts/image/list.ts';
import { imageId, imageTable } from '../output/imageTable.ts';
import { print } from '../output/print.ts';

interface ImagesFlags {
  all?: true;
  quiet?: true;
  trunc: boolean;
  digests?: true;
}

export function register(parent: Command, name = 'images'): void {
  parent
    .command(name)
    .summary('list images')
    .description('List the images of the store, newest first. The size is that of all files of all layers together.')
    .argument('[repository[:tag]]', 'show only these; * and ? stand for anything but a slash')
    .option('-a, --all', 'accepted for Docker’s sake: rcx keeps no intermediate images')
    .option('-q, --quiet', 'show only ids')
    .option('--no-trunc', 'do not shorten ids')
    .option('--digests', 'show the digest that the registry has for each')
    .action(action);
}

function action(pattern: string | undefined, flags: ImagesFlags): void {
  const rows = listImages(new Engine().images.list(), pattern);
  const options = { noTrunc: !flags.trunc, digests: flags.digests ?? false };
  if (flags.quiet) for (const row of rows) print(imageId(row, options));
  else print(imageTable(rows, options));
}
