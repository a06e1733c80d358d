import type { ImageRow } from '../../ts/image/list.ts';
import { printable } from './errors.ts';
import { formatSince, formatSize, formatTable } from './format.ts';
import { shortId } from './ids.ts';

export interface ImageTableOptions {
  noTrunc: boolean;
  digests: boolean;
}

const NONE = '<none>';

/** Docker's table of images. */
export function imageTable(rows: readonly ImageRow[], options: ImageTableOptions): string {
  const digest = <T>(cell: T): T[] => (options.digests ? [cell] : []);
  const header = ['REPOSITORY', 'TAG', ...digest('DIGEST'), 'IMAGE ID', 'CREATED', 'SIZE'];
  const cells = rows.map((row) => [
    row.repository ?? NONE,
    row.tag ?? NONE,
    ...digest(row.digest ?? NONE),
    imageId(row, options),
    formatSince(row.image.config.created),
    formatSize(row.image.size),
  ]);
  return formatTable(
    header,
    cells.map((row) => row.map(printable)),
  );
}

export function imageId({ image }: ImageRow, { noTrunc }: Pick<ImageTableOptions, 'noTrunc'>): string {
  return noTrunc ? image.id : shortId(image.id);
}
