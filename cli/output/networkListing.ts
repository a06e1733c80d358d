import type { Network } from '../../ts/network/record.ts';
import { labelColumns } from './labels.ts';
import type { Listing } from './listFormat.ts';

/** Docker's columns of networks. */
export const networkListing: Listing<Network> = {
  columns: {
    ID: { header: 'NETWORK ID', cell: ({ id }) => id },
    Name: { header: 'NAME', cell: ({ name }) => name },
    Driver: { header: 'DRIVER', cell: () => 'bridge' },
    Scope: { header: 'SCOPE', cell: () => 'local' },
    IPv4: { header: 'IPV4', cell: () => 'true' },
    IPv6: { header: 'IPV6', cell: () => 'false' },
    Internal: { header: 'INTERNAL', cell: ({ internal }) => String(internal) },
    ...labelColumns,
    CreatedAt: { header: 'CREATED AT', cell: ({ created }) => created },
  },
  table: ['ID', 'Name', 'Driver', 'Scope'],
};
