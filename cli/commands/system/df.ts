import type { Command } from 'commander';
import { diskUsage } from '../../../ts/system/diskUsage.ts';
import { openEngine } from '../../engine.ts';
import {
  containerUsageListing,
  imageUsageListing,
  usageListing,
  usageRows,
  volumeUsageListing,
} from '../../output/diskUsageListing.ts';
import { listFormatOption, readTemplate } from '../../output/formatFlag.ts';
import { formatJson } from '../../output/json.ts';
import { type Listing, readListFormat, rowOf } from '../../output/listFormat.ts';
import { print } from '../../output/print.ts';

interface DfFlags {
  verbose?: true;
  format?: string;
}

export function register(parent: Command): void {
  parent
    .command('df')
    .summary('show what the store takes on the disk')
    .description(
      'Show what the store takes on the disk: blobs and unpacked layers of images, read-write layers of containers, volumes. It is ' +
        'counted from the file system. What is reclaimable of the images is what rcx image prune -a gives back.',
    )
    .option('-v, --verbose', 'show every image, container and volume')
    .addOption(listFormatOption())
    .action(action);
}

async function action({ verbose, format = '' }: DfFlags, command: Command): Promise<void> {
  if (verbose) return await showAll(command, format);
  const render = await readListFormat(command, format);
  for (const line of render(usageListing, usageRows(await diskUsage(openEngine())))) print(line);
}

async function showAll(command: Command, format: string): Promise<void> {
  const isTable = format === '' || format.trim() === 'table';
  if (!isTable && format.startsWith('table')) command.error('error: -v has no table of one’s own columns');
  const template =
    isTable || format === 'json' ? undefined : await readTemplate(command, (each) => each.parseTemplate(format));
  const engine = openEngine();
  const { images, containers, volumes } = await diskUsage(engine);
  const [ofImages, ofContainers] = [imageUsageListing(!isTable), containerUsageListing(engine.images, !isTable)];
  if (isTable) {
    const table = async <T>(listing: Listing<T>, items: readonly T[]) =>
      (await readListFormat(command))(listing, items).join('\n');
    print(`Images space usage:\n\n${await table(ofImages, images)}\n`);
    print(`Containers space usage:\n\n${await table(ofContainers, containers)}\n`);
    print(`Local Volumes space usage:\n\n${await table(volumeUsageListing, volumes)}\n`);
    print('Build cache usage: 0B\n\nCACHE ID   CACHE TYPE   SIZE      CREATED   LAST USED   USAGE     SHARED');
    return;
  }
  const all = {
    Images: images.map((usage) => rowOf(ofImages, usage)),
    Containers: containers.map((usage) => rowOf(ofContainers, usage)),
    Volumes: volumes.map((usage) => rowOf(volumeUsageListing, usage)),
    BuildCache: [],
  };
  print(template === undefined ? formatJson(all, 0) : template(all));
}
