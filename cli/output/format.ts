const UNITS = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];

/** Bytes as Docker prints them: powers of 1000 and three digits, `77.8MB`. */
export function formatSize(bytes: number): string {
  let value = bytes;
  let unit = 0;
  // 999.5 and more would be rounded up to a fourth digit.
  while (value >= 999.5 && unit < UNITS.length - 1) {
    value /= 1000;
    unit++;
  }
  return `${Number(value.toPrecision(3))}${UNITS[unit]}`;
}

/** Bytes in powers of 1024, `15.6GiB`: how Docker prints memory. */
export function formatMemory(bytes: number): string {
  let value = bytes;
  let unit = 0;
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB', 'PiB'];
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${Number(value.toPrecision(4))}${units[unit]}`;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** From how many seconds on a length of time is told in which unit: Docker's steps, so that two digits nearly always say enough. */
const STEPS: readonly (readonly [from: number, unit: number, name: string])[] = [
  [2 * 365 * DAY, 365 * DAY, 'year'],
  [60 * DAY, 30 * DAY, 'month'],
  [14 * DAY, 7 * DAY, 'week'],
  [2 * DAY, DAY, 'day'],
  [HOUR, HOUR, 'hour'],
  [MINUTE, MINUTE, 'minute'],
  [1, 1, 'second'],
];

/** A length of time in words, `3 minutes`, `About an hour`. */
export function formatDuration(milliseconds: number): string {
  const exact = Math.floor(milliseconds / 1000);
  const seconds = exact < HOUR ? exact : Math.round(exact / HOUR) * HOUR;
  for (const [from, unit, name] of STEPS) {
    if (seconds < from) continue;
    const count = Math.floor(seconds / unit);
    if (count > 1) return `${count} ${name}s`;
    if (name === 'hour') return 'About an hour';
    return name === 'minute' ? 'About a minute' : `${count} ${name}`;
  }
  return 'Less than a second';
}

/** Time since a date, `3 minutes`; a date that is missing, or none, is `N/A`. */
export function formatAge(iso: string | undefined, now: number = Date.now()): string {
  const begin = iso === undefined ? Number.NaN : Date.parse(iso);
  return Number.isNaN(begin) ? 'N/A' : formatDuration(Math.max(0, now - begin));
}

/** The same with `ago`. */
export function formatSince(iso: string | undefined, now: number = Date.now()): string {
  const age = formatAge(iso, now);
  return age === 'N/A' ? age : `${age} ago`;
}

/** A date as Go prints it, `2026-01-31 12:00:00 +0100 CET`, in the zone of this machine; `N/A` as for {@link formatAge}. */
export function formatDate(iso: string | undefined): string {
  const date = new Date(iso ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return 'N/A';
  const { day, time, hours, minutes } = localTime(date);
  const offset = `${hours}${minutes}`;
  return `${day} ${time} ${offset} ${zoneName(date) ?? (minutes === '00' ? hours : offset)}`;
}

/** A date by RFC 3339, `2026-01-31T12:00:00+01:00`, in the zone of this machine; nothing where there is none. */
export function formatTimestamp(iso: string | undefined): string {
  const date = new Date(iso ?? Number.NaN);
  if (Number.isNaN(date.getTime())) return '';
  const { day, time, hours, minutes } = localTime(date);
  const offset = `${hours}:${minutes}`;
  return `${day}T${time}${offset === '+00:00' ? 'Z' : offset}`;
}

/** Parts of a date in the zone of this machine, whose offset is `hours` with a sign and `minutes`. */
function localTime(date: Date): Record<'day' | 'time' | 'hours' | 'minutes', string> {
  const two = (number: number) => String(number).padStart(2, '0');
  const minutes = Math.abs(date.getTimezoneOffset());
  const sign = date.getTimezoneOffset() > 0 ? '-' : '+';
  return {
    day: [String(date.getFullYear()).padStart(4, '0'), two(date.getMonth() + 1), two(date.getDate())].join('-'),
    time: [date.getHours(), date.getMinutes(), date.getSeconds()].map(two).join(':'),
    hours: `${sign}${two(Math.floor(minutes / 60))}`,
    minutes: two(minutes % 60),
  };
}

/** `CET`: each English knows the short names of its own part of the world, and writes GMT+1 for the others, Go the offset. */
function zoneName(date: Date): string | undefined {
  const names = ['en-US', 'en-GB'].map((locale) => {
    const parts = new Intl.DateTimeFormat(locale, { timeZoneName: 'short' }).formatToParts(date);
    return parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
  });
  return names.find((name) => /^[A-Z]+$/.test(name));
}

/** Text of at most so many characters, the last of them an ellipsis where something was left out. */
export function shorten(text: string, length: number): string {
  const characters = [...text];
  return characters.length <= length ? text : `${characters.slice(0, length - 1).join('')}…`;
}

/** Width of Docker's columns with the space between them, at least. */
const LEAST_WIDTH = 10;
const GAP = 3;

/** Rows as columns wide enough for the longest entry, three spaces apart. */
export function formatTable(
  header: readonly string[],
  rows: readonly (readonly string[])[],
  least: number = LEAST_WIDTH,
): string {
  const width = (cell: string) => [...cell].length;
  const widths = header.map((_, column) =>
    Math.max(least - GAP, ...[header, ...rows].map((row) => width(row[column] ?? ''))),
  );
  const pad = (cell: string, column: number) =>
    cell + ' '.repeat(Math.max(0, (widths[column] ?? 0) + GAP - width(cell)));
  const line = (cells: readonly string[]) =>
    cells.map((cell, column) => (column === cells.length - 1 ? cell : pad(cell, column))).join('');
  return [header, ...rows].map((cells) => line(cells).trimEnd()).join('\n');
}
