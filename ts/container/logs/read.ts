import { watch } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import type { Engine } from '../../engine.ts';
import { isRcxError, RcxError } from '../../errors.ts';
import { toRcxError } from '../../store/nativeError.ts';
import { findContainer, heal } from '../heal.ts';
import type { StoredContainer } from '../store.ts';
import { type LogEntry, parseEntry } from './entry.ts';
import { type LogFile, openAll, openNext, openTail } from './files.ts';

export interface LogOptions {
  /** Only the last so many lines of what is there. */
  tail?: number | undefined;
  /** Nanoseconds since 1970: what is older is left out. */
  since?: bigint | undefined;
  /** What is newer is left out. */
  until?: bigint | undefined;
  /** Go on until the container has ended. */
  follow?: boolean | undefined;
  signal?: AbortSignal | undefined;
}

/** The kernel tells of every change of the log; where it cannot, so often is looked, in milliseconds. */
const LOOK_MS = 500;

/**
 * What a container has written, and goes on to write.
 * @param text name, id, or prefix of an id
 * @throws ERR_RCX_CONTAINER_NOT_FOUND, ERR_RCX_NO_LOG when its output is not kept, ERR_RCX_LOG_READ
 */
export async function* readLogs(engine: Engine, text: string, options: LogOptions = {}): AsyncGenerator<LogEntry> {
  const stored = await findContainer(engine, text);
  if (stored.config.log.driver === 'none') throw notKept(stored);
  const { since = 0n, until } = options;
  try {
    const found = options.follow ? followed(engine, stored, options) : present(stored.folder, options.tail);
    for await (const line of found) {
      const entry = parseEntry(line);
      if (entry === undefined) continue;
      const time = nanoseconds(entry.time);
      if (until !== undefined && time > until) return;
      if (time >= since) yield entry;
    }
  } catch (error) {
    if (isRcxError(error)) throw error;
    throw toRcxError(error, 'ERR_RCX_LOG_READ');
  }
}

/** What is there now: a program that writes without end must not keep one who does not follow it. */
function* present(folder: string, tail = Number.POSITIVE_INFINITY): Generator<string> {
  const files = openAll(folder);
  try {
    let missing = tail;
    let first = files.length;
    while (missing > 0 && first > 0) missing -= files[--first]?.seekToLast(missing) ?? 0;
    for (const file of files.slice(first)) yield* file.lines();
  } finally {
    for (const file of files) file.close();
  }
}

async function* followed(engine: Engine, stored: StoredContainer, options: LogOptions): AsyncGenerator<string> {
  const { folder } = stored;
  const changes = new Changes(folder, options.signal);
  let file: LogFile | undefined;
  try {
    file = openTail(folder, options.tail);
    for (;;) {
      // Asked before it is read: what is written up to the end is then certain to have been seen.
      const over = await isOver(engine, stored);
      if (file !== undefined) yield* file.lines();
      const next = file === undefined ? openTail(folder) : openNext(folder, file);
      if (next !== undefined) {
        // What was written to the old one between its reading and its renaming.
        if (file !== undefined) yield* file.lines();
        file?.close();
        file = next;
      } else if (over) return;
      else await changes.next();
      if (options.signal?.aborted) return;
    }
  } finally {
    file?.close();
    changes.close();
  }
}

async function isOver(engine: Engine, stored: StoredContainer): Promise<boolean> {
  try {
    const now = await heal(engine, engine.containers.find(stored.config.id));
    return now === undefined || (now.state.status !== 'running' && now.state.status !== 'restarting');
  } catch (error) {
    if (isRcxError(error, 'ERR_RCX_CONTAINER_NOT_FOUND') || isRcxError(error, 'ERR_RCX_CONTAINER_DAMAGED')) return true;
    throw error;
  }
}

/** Waits for something to change in a directory. */
class Changes {
  readonly #watcher: ReturnType<typeof watch> | undefined;
  readonly #stop: AbortSignal | undefined;
  #changed = false;
  #wake: (() => void) | undefined;

  constructor(folder: string, signal: AbortSignal | undefined) {
    this.#stop = signal;
    try {
      this.#watcher = watch(folder, { persistent: false }, () => this.#onChange());
      this.#watcher.on('error', () => undefined);
    } catch {
      // No more inotify instances for this user: looking now and then does as well.
      this.#watcher = undefined;
    }
  }

  async next(): Promise<void> {
    if (!this.#changed) {
      const changed = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const late = new AbortController();
      const either = this.#stop === undefined ? late.signal : AbortSignal.any([late.signal, this.#stop]);
      await Promise.race([changed, delay(LOOK_MS, undefined, { signal: either }).catch(() => undefined)]);
      late.abort();
    }
    this.#changed = false;
    this.#wake = undefined;
  }

  close(): void {
    this.#watcher?.close();
  }

  #onChange(): void {
    this.#changed = true;
    this.#wake?.();
  }
}

/** RFC 3339 with nanoseconds as a number of them. */
function nanoseconds(time: string): bigint {
  const [, whole = '', fraction = ''] = /^(.*?)(?:\.(\d+))?Z$/.exec(time) ?? [];
  return BigInt(Date.parse(`${whole}Z`) || 0) * 1_000_000n + BigInt(fraction.padEnd(9, '0').slice(0, 9) || 0);
}

function notKept({ config }: StoredContainer): RcxError {
  return new RcxError(`read the log: ${config.name}: its output is not kept`, {
    code: 'ERR_RCX_NO_LOG',
    step: 'read the log',
    path: config.name,
    hint: 'it was made with --log-driver none',
  });
}
