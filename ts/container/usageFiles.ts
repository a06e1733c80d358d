/** Bytes in one direction and the other. */
export interface Transfer {
  /** Received, or read. */
  in: number;
  /** Sent, or written. */
  out: number;
}

/** The number behind a name at the beginning of a line. */
export function field(text: string, name: string): number | undefined {
  const line = text.split('\n').find((each) => each.startsWith(name) && /\s/.test(each[name.length] ?? ''));
  const number = Number(line?.slice(name.length).trim().split(/\s/)[0]);
  return line === undefined || Number.isNaN(number) ? undefined : number;
}

/** Memory in use as Docker counts it: without the part that is copies of files which nobody has touched for a while. */
export function workingSet(usage: number, inactiveFile: number | undefined): number {
  return inactiveFile !== undefined && inactiveFile < usage ? usage - inactiveFile : usage;
}

/** A limit as `memory.max` or `memory.limit_in_bytes` has it; what is none is what the machine has. */
export function limitOf(text: string | undefined, most: number): number {
  const limit = Number(text?.trim());
  return Number.isNaN(limit) || limit <= 0 ? most : Math.min(limit, most);
}

/** Of `io.stat` (v2: `8:0 rbytes=1 wbytes=2 …`) or `blkio.…_bytes…` (v1: `8:0 Read 1`). */
export function parseBlockIo(text: string): Transfer {
  const sum = (pattern: RegExp) => [...text.matchAll(pattern)].reduce((total, [, bytes]) => total + Number(bytes), 0);
  return {
    in: sum(/\brbytes=(\d+)/g) + sum(/^\d+:\d+ Read (\d+)$/gm),
    out: sum(/\bwbytes=(\d+)/g) + sum(/^\d+:\d+ Write (\d+)$/gm),
  };
}

/** Of `/proc/pid/io`. */
export function parseProcessIo(text: string): Transfer {
  return { in: field(text, 'read_bytes:') ?? 0, out: field(text, 'write_bytes:') ?? 0 };
}

/** Of `/proc/pid/net/dev`, all devices but the loopback together. */
export function parseNetwork(text: string): Transfer {
  const devices = text.split('\n').flatMap((line) => {
    const [, name, numbers = ''] = /^\s*([^:\s]+):\s*(.*)$/.exec(line) ?? [];
    return name === undefined || name === 'lo' ? [] : [numbers.trim().split(/\s+/).map(Number)];
  });
  return devices.reduce((sum, numbers) => ({ in: sum.in + (numbers[0] ?? 0), out: sum.out + (numbers[8] ?? 0) }), {
    in: 0,
    out: 0,
  });
}

/** Clock ticks of a second in `/proc`: it is 100 wherever Linux runs today. */
const HERTZ = 100;

/** Processor time of `/proc/pid/stat`, that of collected children included, in seconds. */
export function processSeconds(stat: string): number {
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  // utime, stime, cutime and cstime: fields 14 to 17 of proc_pid_stat(5).
  const ticks = fields.slice(11, 15).reduce((sum, text) => sum + (Number(text) || 0), 0);
  return ticks / HERTZ;
}
