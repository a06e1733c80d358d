import type { Command } from 'commander';
import { listImages } from '../../ts/image/list.ts';
import { parseImageFilters } from '../../ts/image/listFilters.ts';
import { openEngine } from '../engine.ts';
import { filterOption } from '../flags/filter.ts';
import { listFormatOption } from '../output/formatFlag.ts';
import { imageId, imageListing } from '../output/imageListing.ts';
import { readListFormat } from '../output/listFormat.ts';
import { print } from '../output/print.ts';

interface ImagesFlags {
  all?: true;
  quiet?: true;
  trunc: boolean;
  digests?: true;
  filter?: string[];
  format?: string;
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
    .addOption(
      filterOption(
        'dangling=true|false, label=name[=value], before=image, since=image, reference=pattern, until=24h; all that are given must hold',
      ),
    )
    .addOption(listFormatOption())
    .addHelpText(
      'after',
      "\nExamples:\n  rcx images -f dangling=true\n  rcx images -f 'reference=*/app:*' -f since=ubuntu\n  rcx images -f label=team=web -f until=240h",
    )
    .action(action);
}

async function action(pattern: string | undefined, flags: ImagesFlags, command: Command): Promise<void> {
  const render = await readListFormat(command, withDigest(flags));
  const { images } = openEngine();
  const selection = parseImageFilters(flags.filter ?? [], (name) => images.find(name));
  const rows = listImages(images.list(), pattern, selection);
  const options = { noTrunc: !flags.trunc, digests: flags.digests ?? false };
  if (flags.quiet) for (const row of rows) print(imageId(row, options));
  else for (const line of render(imageListing(options), rows)) print(line);
}

/** `--digests` adds its column to a table of the user's own, too. */
function withDigest({ format, digests }: ImagesFlags): string | undefined {
  const isOwnTable = format?.startsWith('table') && format.trim() !== 'table';
  return isOwnTable && digests && !format?.includes('{{.Digest}}') ? `${format}\t{{.Digest}}` : format;
}
