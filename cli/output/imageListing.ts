import type { ImageRow } from '../../ts/image/list.ts';
import { formatDate, formatSince, formatSize } from './format.ts';
import { shortId } from './ids.ts';
import type { Listing } from './listFormat.ts';

export interface ImageListingOptions {
  noTrunc: boolean;
  digests: boolean;
}

const NONE = '<none>';
/** Docker's word for what only its daemon counts. */
const UNKNOWN = 'N/A';

/** Docker's columns of images. */
export function imageListing(options: ImageListingOptions): Listing<ImageRow> {
  return {
    columns: {
      ID: { header: 'IMAGE ID', cell: (row) => imageId(row, options) },
      Repository: { header: 'REPOSITORY', cell: ({ repository }) => repository ?? NONE },
      Tag: { header: 'TAG', cell: ({ tag }) => tag ?? NONE },
      Digest: { header: 'DIGEST', cell: ({ digest }) => digest ?? NONE },
      CreatedSince: { header: 'CREATED', cell: ({ image }) => formatSince(image.config.created) },
      CreatedAt: { header: 'CREATED AT', cell: ({ image }) => formatDate(image.config.created) },
      Size: { header: 'SIZE', cell: ({ image }) => formatSize(image.size) },
      SharedSize: { header: 'SHARED SIZE', cell: () => UNKNOWN },
      UniqueSize: { header: 'UNIQUE SIZE', cell: () => UNKNOWN },
      VirtualSize: { header: 'SIZE', cell: () => UNKNOWN },
      Containers: { header: 'CONTAINERS', cell: () => UNKNOWN },
    },
    table: ['Repository', 'Tag', ...(options.digests ? ['Digest'] : []), 'ID', 'CreatedSince', 'Size'],
  };
}

/** The id of an image, as long as it is asked for. */
export function imageId({ image }: ImageRow, { noTrunc }: Pick<ImageListingOptions, 'noTrunc'>): string {
  return noTrunc ? image.id : shortId(image.id);
}
