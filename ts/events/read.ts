import { closeSync, existsSync, fstatSync, openSync, readSync, statSync, watch } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { EVENTS_FILE, OLD_EVENTS_FILE, type RcxEvent } from './event.ts';

export interface EventQuery {
  /** Nanoseconds since 1970: from then on. From now on if left out. */
  since?: bigint | undefined;
  /** Nanoseconds since 1970: until then, which may be to come. For ever if left out. */
  until?: bigint | undefined;
  signal: AbortSignal;
}

/** Hands on what happens, and what has happened since the machine's start if that is asked for, until it is told to end. */
export async function* readEvents(run: string, { since, until, signal }: EventQuery): AsyncGenerator<RcxEvent> {
  await mkdir(run, { recursive: true, mode: 0o700 });
  const end = until === undefined ? undefined : Number(until / 1_000_000n);
  const log = new EventLog(run, since === undefined);
  const changes = new Changes(run, end, signal);
  try {
    for (;;) {
      // Whatever is written from here on wakes the wait up.
      const isLast = changes.isOver();
      for (const event of log.read()) if (isWithin(event, since, until)) yield event;
      if (isLast) return;
      await changes.next();
    }
  } finally {
    changes.close();
    log.close();
  }
}

function isWithin({ timeNano }: RcxEvent, since: bigint | undefined, until: bigint | undefined): boolean {
  // As numbers: digits that a number does not hold are not in the log either.
  return (since === undefined || timeNano >= Number(since)) && (until === undefined || timeNano <= Number(until));
}

/** The log with what it was before it became too long. */
class EventLog {
  readonly #path: string;
  #fd: number | undefined;
  #rest = '';

  constructor(run: string, onlyNew: boolean) {
    this.#path = join(run, EVENTS_FILE);
    const old = join(run, OLD_EVENTS_FILE);
    if (!onlyNew && existsSync(old)) this.#fd = openSync(old, 'r');
    if (onlyNew && existsSync(this.#path)) {
      this.#fd = openSync(this.#path, 'r');
      this.#skip();
    }
  }

  /** What is new. */
  *read(): Generator<RcxEvent> {
    for (;;) {
      yield* this.#lines();
      if (!this.#openNext()) return;
    }
  }

  close(): void {
    if (this.#fd !== undefined) closeSync(this.#fd);
  }

  #skip(): void {
    for (const _ of this.#lines());
  }

  *#lines(): Generator<RcxEvent> {
    if (this.#fd === undefined) return;
    const buffer = Buffer.alloc(64 << 10);
    for (;;) {
      const length = readSync(this.#fd, buffer);
      if (length === 0) return;
      // Lines are ASCII but for names and labels; a cut within a character is mended by reading bytes as they are.
      const lines = (this.#rest + buffer.toString('latin1', 0, length)).split('\n');
      this.#rest = lines.pop() ?? '';
      for (const line of lines) {
        const event = parse(line);
        if (event !== undefined) yield event;
      }
    }
  }

  /** The log itself, if what was read to its end is an older one. */
  #openNext(): boolean {
    const named = statSync(this.#path, { throwIfNoEntry: false });
    if (named === undefined || (this.#fd !== undefined && fstatSync(this.#fd).ino === named.ino)) return false;
    this.close();
    this.#fd = openSync(this.#path, 'r');
    this.#rest = '';
    return true;
  }
}

function parse(line: string): RcxEvent | undefined {
  try {
    return JSON.parse(Buffer.from(line, 'latin1').toString('utf8')) as RcxEvent;
  } catch {
    // Cut off by a full disk.
    return undefined;
  }
}

/** Wakes up when the log may have grown, and at the end. */
class Changes {
  readonly #watcher;
  readonly #end: number | undefined;
  readonly #signal: AbortSignal;
  #changed = false;
  #wake: () => void = () => undefined;

  constructor(run: string, end: number | undefined, signal: AbortSignal) {
    this.#end = end;
    this.#signal = signal;
    this.#watcher = watch(run, (_, name) => {
      if (name === EVENTS_FILE || name === null) this.#notice();
    });
    signal.addEventListener('abort', this.#notice);
  }

  isOver(): boolean {
    return this.#signal.aborted || (this.#end !== undefined && Date.now() >= this.#end);
  }

  async next(): Promise<void> {
    if (!this.#changed) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        if (this.#end !== undefined) {
          // Longer ones would be taken for none (2^31 ms).
          const timer = setTimeout(resolve, Math.min(this.#end - Date.now(), 2 ** 31 - 1));
          this.#wake = () => {
            clearTimeout(timer);
            resolve();
          };
        }
      });
    }
    this.#changed = false;
  }

  close(): void {
    this.#watcher.close();
    this.#signal.removeEventListener('abort', this.#notice);
  }

  readonly #notice = (): void => {
    this.#changed = true;
    this.#wake();
  };
}
