/** A piece of a container's output, as its log has it. */
export interface LogEntry {
  stream: 'stdout' | 'stderr';
  /** RFC 3339 with nanoseconds. */
  time: string;
  bytes: Buffer;
}

/** One line of the log; `undefined` for one that was not written whole. */
export function parseEntry(line: string): LogEntry | undefined {
  let value: { log?: unknown; base64?: unknown; stream?: unknown; time?: unknown };
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  const { log, base64, stream, time } = value;
  if (typeof time !== 'string' || (stream !== 'stdout' && stream !== 'stderr')) return undefined;
  if (typeof log === 'string') return { stream, time, bytes: Buffer.from(log) };
  return typeof base64 === 'string' ? { stream, time, bytes: Buffer.from(base64, 'base64') } : undefined;
}
