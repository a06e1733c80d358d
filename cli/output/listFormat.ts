import type { Command } from 'commander';
import { printable } from './errors.ts';
import { formatTable } from './format.ts';
import { readTemplate } from './formatFlag.ts';
import { formatJson } from './json.ts';
import type { RowTemplate } from './template/index.ts';
import type { Method } from './template/values.ts';

/** What stands in a column: text, or a method of templates, `{{.Label "key"}}`. */
export type Cell = string | Method;

export interface Column<T> {
  header: Cell;
  cell(item: T): Cell;
}

/** How things of one kind are listed. */
export interface Listing<T> {
  /** Columns by the names that templates and JSON have for them. */
  columns: Readonly<Record<string, Column<T>>>;
  /** Names of those of the plain table. */
  table: readonly string[];
}

/** The lines that are printed for some things; a table is one text of several lines. */
export type ListRenderer = <T>(listing: Listing<T>, items: readonly T[]) => string[];

const TABLE = 'table';

/**
 * Reads `--format` as Docker's lists do: nothing or `table` for the plain table, `json` for a line of JSON each, `table` and a
 * template for a table of other columns, or a template for one line each. A format that cannot be read is a wrong flag.
 */
export async function readListFormat(command: Command, format = ''): Promise<ListRenderer> {
  if (format === 'json') return (listing, items) => items.map((item) => formatJson(rowOf(listing, item), 0));
  if (format === 'raw') command.error('error: --format raw is not supported');
  const isTable = format === '' || format.startsWith(TABLE);
  const text = (isTable ? format.slice(TABLE.length) : format).replace(/^ +| +$/g, '');
  if (text === '') return (listing, items) => [plainTable(listing, items)];
  const template = await readTemplate(command, ({ parseRowTemplate }) => parseRowTemplate(text));
  if (isTable) return (listing, items) => [templateTable(template, listing, items)];
  return (listing, items) => items.map((item) => template.row(rowOf(listing, item)));
}

function plainTable<T>({ columns, table }: Listing<T>, items: readonly T[]): string {
  const shown = table.flatMap((name) => columns[name] ?? []);
  const text = (cell: Cell) => (typeof cell === 'string' ? printable(cell) : '');
  return formatTable(
    shown.map(({ header }) => text(header)),
    items.map((item) => shown.map(({ cell }) => text(cell(item)))),
  );
}

function templateTable<T>(template: RowTemplate, listing: Listing<T>, items: readonly T[]): string {
  const rows = items.map((item) => template.row(rowOf(listing, item)));
  const header = template.header(objectOf(listing, ({ header }) => header));
  const [first = [], ...others] = [header, ...rows].flatMap((text) => text.split('\n')).map((line) => line.split('\t'));
  // What has no header is a column as well.
  const most = Math.max(...[first, ...others].map((cells) => cells.length));
  const missing = Array.from({ length: most - first.length }, () => '');
  return formatTable([...first, ...missing], others);
}

/** An item as templates and JSON see it. */
export function rowOf<T>(listing: Listing<T>, item: T): Record<string, Cell> {
  return objectOf(listing, (column) => column.cell(item));
}

/** Members in Docker's order, by name; each is found out when it is asked for. */
function objectOf<T>({ columns }: Listing<T>, read: (column: Column<T>) => Cell): Record<string, Cell> {
  const row: Record<string, Cell> = {};
  const sorted = Object.entries(columns).sort(([a], [b]) => (a < b ? -1 : 1));
  for (const [name, column] of sorted) Object.defineProperty(row, name, { enumerable: true, get: () => read(column) });
  return row;
}
