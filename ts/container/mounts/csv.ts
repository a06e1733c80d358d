/**
 * A line of comma-separated values, RFC 4180: what has a comma of its own stands between quotes, where two quotes mean one.
 * @returns `undefined` for what is no such line
 */
export function splitCsv(line: string): string[] | undefined {
  const fields: string[] = [];
  const field = /(?:"((?:[^"]|"")*)"|([^",]*))(,|$)/y;
  for (let more = true; more; ) {
    const found = field.exec(line);
    if (found === null) return undefined;
    fields.push(found[1]?.replaceAll('""', '"') ?? found[2] ?? '');
    more = found[3] === ',';
  }
  return field.lastIndex === line.length || fields.length > 0 ? fields : undefined;
}
