import type { PrunedContainers } from '../../ts/container/prune.ts';
import type { PrunedImages } from '../../ts/image/prune.ts';
import type { Unreadable } from '../../ts/store/gc.ts';
import type { PrunedVolumes } from '../../ts/volume/prune.ts';
import { printable } from './errors.ts';
import { formatSize } from './format.ts';
import { print } from './print.ts';
import { warn } from './warnings.ts';

/** Docker's list of removed containers, if there are any. */
export function printPrunedContainers({ ids }: PrunedContainers): void {
  if (ids.length > 0) print(['Deleted Containers:', ...ids, ''].join('\n'));
}

/** Docker's list of removed volumes, if there are any. */
export function printPrunedVolumes({ names }: PrunedVolumes): void {
  if (names.length > 0) print(['Deleted Volumes:', ...names, ''].join('\n'));
}

/** Docker's list of removed networks, if there are any. */
export function printPrunedNetworks(names: readonly string[]): void {
  if (names.length > 0) print(['Deleted Networks:', ...names, ''].join('\n'));
}

/** Docker's list of removed images, if there are any. */
export function printPrunedImages({ images, kept }: PrunedImages): void {
  const lines = images.flatMap(({ untagged, deleted }) => [
    ...untagged.map((name) => printable(`untagged: ${name}`)),
    ...deleted.map((digest) => `deleted: ${digest}`),
  ]);
  if (lines.length > 0) print(['Deleted Images:', ...lines, ''].join('\n'));
  warnOfKept(kept);
}

/** Docker's last line of every prune. */
export function printReclaimed(bytes: number): void {
  print(`Total reclaimed space: ${formatSize(bytes)}`);
}

/** Says why content was not deleted although nothing is known to need it. */
export function warnOfKept(unreadable: readonly Unreadable[] = []): void {
  for (const { what, name, why } of unreadable) {
    const advice = 'look at it with: rcx system check';
    warn(printable(`rcx: content was kept that the ${what} ${name} may need: ${why}; ${advice}`));
  }
}

/** A prune waits for what relies on the store as it is. */
export function onWait(): void {
  warn('Waiting for a pull or a start that is under way');
}
