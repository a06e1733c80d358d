const UNITS = ['B', 'kB', 'MB', 'GB', 'TB'];

/** Bytes as Docker prints them: powers of 1000 and three digits, `77.8MB`. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  while (value >= 1000 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(3))}${UNITS[unit]}`;
}

const STEPS: [number, string][] = [
  [60, 'second'],
  [60, 'minute'],
  [24, 'hour'],
  [30, 'day'],
  [12, 'month'],
];

/** Time since a date, `3 minutes`. */
export function formatAge(iso: string | undefined, now: number = Date.now()): string {
  const begin = iso === undefined ? Number.NaN : Date.parse(iso);
  if (Number.isNaN(begin)) return 'N/A';
  let value = Math.max(0, (now - begin) / 1000);
  for (const [size, unit] of STEPS) {
    if (value < size) return count(Math.floor(value), unit);
    value /= size;
  }
  return count(Math.floor(value), 'year');
}

function count(number: number, unit: string): string {
  if (number === 0) return `less than a ${unit}`;
  return `${number} ${unit}${number === 1 ? '' : 's'}`;
}

/** Rows as columns wide enough for the longest entry, three spaces apart. */
export function formatTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, column) =>
    Math.max(title.length, ...rows.map((row) => (row[column] ?? '').length)),
  );
  const line = (cells: readonly string[]) =>
    cells
      .map((cell, column) => (column === cells.length - 1 ? cell : cell.padEnd((widths[column] ?? 0) + 3)))
      .join('')
      .trimEnd();
  return [header, ...rows].map(line).join('\n');
}
