import { closeSync, fstatSync, openSync, readdirSync, readSync } from 'node:fs';
import { join } from 'node:path';

/** See `crates/core/src/monitor/log.rs`. */
const FILE = 'container.log';
const PIECE = 64 * 1024;
const NEWLINE = 10;

/** A file of the log that is open: its name may become another's meanwhile. */
export class LogFile {
  readonly #fd: number;
  readonly #inode: bigint;
  /** What comes behind it is none of the reader's business. */
  readonly #end: number | undefined;
  #position = 0;
  #rest: Buffer = Buffer.alloc(0);

  private constructor(fd: number, bounded: boolean) {
    this.#fd = fd;
    const { ino, size } = fstatSync(fd, { bigint: true });
    this.#inode = ino;
    this.#end = bounded ? Number(size) : undefined;
  }

  /**
   * Opens a file to read it, if it is `bounded` only what is in it now.
   * @returns `undefined` when there is none of that name
   */
  static open(path: string, { bounded = false } = {}): LogFile | undefined {
    try {
      return new LogFile(openSync(path, 'r'), bounded);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
      throw error;
    }
  }

  get inode(): bigint {
    return this.#inode;
  }

  /** Whole lines from where the last reading ended. */
  *lines(): Generator<string> {
    for (;;) {
      const piece = Buffer.allocUnsafe(PIECE);
      const most = Math.min(PIECE, (this.#end ?? Number.POSITIVE_INFINITY) - this.#position);
      const length = readSync(this.#fd, piece, 0, Math.max(0, most), this.#position);
      if (length === 0) return;
      this.#position += length;
      let text = Buffer.concat([this.#rest, piece.subarray(0, length)]);
      for (let end = text.indexOf(NEWLINE); end >= 0; end = text.indexOf(NEWLINE)) {
        yield text.toString('utf8', 0, end);
        text = text.subarray(end + 1);
      }
      this.#rest = text;
    }
  }

  /**
   * Goes to where the last `count` whole lines begin, or less if there are not so many: of a large write, the kernel shows a part before
   * the rest. @returns how many lines there are from there on
   */
  seekToLast(count: number): number {
    // From the beginning: nobody needs to know how many lines that are.
    if (count === Number.POSITIVE_INFINITY) return 0;
    let end = this.#end ?? fstatSync(this.#fd).size;
    // Newlines from the end on: the first one ends the last line, and each further one begins the line behind it.
    let newlines = 0;
    this.#position = 0;
    const piece = Buffer.allocUnsafe(PIECE);
    while (end > 0) {
      const begin = Math.max(0, end - PIECE);
      const length = readSync(this.#fd, piece, 0, end - begin, begin);
      for (let at = length - 1; at >= 0; at--) {
        if (piece[at] !== NEWLINE || newlines++ < count) continue;
        this.#position = begin + at + 1;
        return count;
      }
      end = begin;
    }
    return newlines;
  }

  close(): void {
    closeSync(this.#fd);
  }
}

/** Where a container's newest output is. */
export function logPath(folder: string): string {
  return join(folder, FILE);
}

/**
 * All of a log as it is now, oldest file first. One that was renamed while the files were opened is found again under its next
 * number: where it was found last is its place.
 */
export function openAll(folder: string): LogFile[] {
  const files = new Map<bigint, LogFile>();
  for (const file of newestFirst(folder, { bounded: true })) {
    files.get(file.inode)?.close();
    files.delete(file.inode);
    files.set(file.inode, file);
  }
  return [...files.values()].reverse();
}

/**
 * Opens the file that was begun when this one was full; the oldest there is when it has been removed.
 *
 * Its number only grows, so that going from the newest on it cannot be missed; the one found just before it is the next.
 */
export function openNext(folder: string, current: LogFile): LogFile | undefined {
  let next: LogFile | undefined;
  for (const file of newestFirst(folder)) {
    if (file.inode === current.inode) {
      file.close();
      return next;
    }
    next?.close();
    next = file;
  }
  return next;
}

/** Opens the file in which the last `tail` lines begin, and goes there. */
export function openTail(folder: string, tail = Number.POSITIVE_INFINITY): LogFile | undefined {
  let missing = tail;
  let first: LogFile | undefined;
  for (const file of newestFirst(folder)) {
    const isSame = file.inode === first?.inode;
    first?.close();
    first = file;
    const found = file.seekToLast(missing);
    if (!isSame) missing -= found;
    if (missing <= 0) break;
  }
  return first;
}

/** Opens one file after the other. There may be a number more than there was when the names were read. */
function* newestFirst(folder: string, options: { bounded?: boolean } = {}): Generator<LogFile> {
  const numbers = readdirSync(folder).flatMap((name) => {
    const [, number] = /^container\.log\.([0-9]+)$/.exec(name) ?? [];
    return number === undefined ? [] : [Number(number)];
  });
  const last = Math.max(0, ...numbers);
  for (let number = 0; number <= last + 2; number++) {
    const file = LogFile.open(join(folder, number === 0 ? FILE : `${FILE}.${number}`), options);
    if (file !== undefined) yield file;
  }
}
