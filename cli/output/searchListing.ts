import type { FoundImage } from '../../ts/registry/search.ts';
import { shorten } from './format.ts';
import type { Listing } from './listFormat.ts';

/** Docker's width of a description. */
const DESCRIPTION = 45;

/** Docker's columns of search results; what is true or not is a word in JSON and a mark elsewhere. */
export function searchListing(noTrunc: boolean, form: 'text' | 'json'): Listing<FoundImage> {
  return {
    columns: {
      Name: { header: 'NAME', cell: ({ name }) => name },
      Description: { header: 'DESCRIPTION', cell: ({ description }) => text(description, noTrunc) },
      StarCount: { header: 'STARS', cell: ({ stars }) => String(stars) },
      IsOfficial: {
        header: 'OFFICIAL',
        cell: ({ isOfficial }) => (form === 'json' ? String(isOfficial) : isOfficial ? '[OK]' : ''),
      },
    },
    table: ['Name', 'Description', 'StarCount', 'IsOfficial'],
  };
}

function text(description: string, noTrunc: boolean): string {
  const line = description.replaceAll(/[\r\n]/g, ' ');
  return noTrunc ? line : shorten(line, DESCRIPTION);
}
