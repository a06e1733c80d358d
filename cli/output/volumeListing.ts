import type { Volume } from '../../ts/volume/record.ts';
import { labelColumns } from './labels.ts';
import type { Listing } from './listFormat.ts';

/** Docker's word for what only clusters, or `system df`, know. */
const UNKNOWN = 'N/A';

/** Docker's columns of volumes. */
export const volumeListing: Listing<Volume> = {
  columns: {
    Name: { header: 'VOLUME NAME', cell: ({ name }) => name },
    Driver: { header: 'DRIVER', cell: () => 'local' },
    Scope: { header: 'SCOPE', cell: () => 'local' },
    Mountpoint: { header: 'MOUNTPOINT', cell: ({ mountpoint }) => mountpoint },
    ...labelColumns,
    Links: { header: 'LINKS', cell: () => UNKNOWN },
    Size: { header: 'SIZE', cell: () => UNKNOWN },
    Availability: { header: 'AVAILABILITY', cell: () => UNKNOWN },
    Group: { header: 'GROUP', cell: () => UNKNOWN },
    Status: { header: 'STATUS', cell: () => UNKNOWN },
  },
  table: ['Driver', 'Name'],
};
