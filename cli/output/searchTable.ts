import type { FoundImage } from '../../ts/registry/search.ts';
import { printable } from './errors.ts';
import { formatTable, shorten } from './format.ts';

/** Docker's width of a description. */
const DESCRIPTION = 45;

/** A result with Docker's names, all of them texts, in the order of Docker's JSON. */
export interface SearchRow {
  Description: string;
  IsOfficial: string;
  Name: string;
  StarCount: string;
}

/** A result as the table and templates show it, or as `{{json .}}` does. */
export function searchRow(found: FoundImage, noTrunc: boolean, form: 'text' | 'json'): SearchRow {
  const description = found.description.replaceAll(/[\r\n]/g, ' ');
  return {
    Description: noTrunc ? description : shorten(description, DESCRIPTION),
    IsOfficial: form === 'json' ? String(found.isOfficial) : found.isOfficial ? '[OK]' : '',
    Name: found.name,
    StarCount: String(found.stars),
  };
}

/** Docker's table of search results. */
export function searchTable(found: readonly FoundImage[], noTrunc: boolean): string {
  const rows = found.map((each) => searchRow(each, noTrunc, 'text'));
  const cells = rows.map((row) => [row.Name, row.Description, row.StarCount, row.IsOfficial].map(printable));
  return formatTable(['NAME', 'DESCRIPTION', 'STARS', 'OFFICIAL'], cells);
}
