/** Redrawn at most this often: more cannot be read, and every write costs what is being shown. */
const REDRAW_MS = 80;
/** Where a terminal does not say. */
const [ROWS, COLUMNS] = [24, 80];

/** The terminal that lines are drawn on. */
export type LiveTerminal = Pick<NodeJS.WriteStream, 'write'> & {
  rows?: number | undefined;
  columns?: number | undefined;
};

/**
 * Lines that change in place. What is finished scrolls away above; what is not is redrawn, never more of it than the terminal
 * has room for: the cursor could not get back to what has scrolled out of sight.
 */
export class LiveLines {
  readonly #terminal: LiveTerminal;
  readonly #now: () => number;
  readonly #live = new Map<string, string>();
  /** Draws what came too soon after the last time, if nothing else does. */
  #later: NodeJS.Timeout | undefined;
  #finished: string[] = [];
  #drawn = 0;
  #last = Number.NEGATIVE_INFINITY;

  constructor(terminal: LiveTerminal, now: () => number = Date.now) {
    this.#terminal = terminal;
    this.#now = now;
  }

  /** Shows a line, in the place of the one with the same key. */
  set(key: string, text: string, isFinished = false): void {
    if (isFinished) {
      this.#live.delete(key);
      this.#finished.push(text);
    } else {
      this.#live.set(key, text);
    }
    const wait = this.#last + REDRAW_MS - this.#now();
    if (wait <= 0) this.#draw();
    else this.#later ??= setTimeout(() => this.#draw(), wait).unref();
  }

  /** Shows these lines instead of all that were shown before. */
  show(lines: readonly string[]): void {
    this.#live.clear();
    for (const [at, line] of lines.entries()) this.#live.set(String(at), line);
    this.#draw();
  }

  /** Shows all that there is to show, and leaves it. */
  finish(): void {
    this.#draw();
    this.#live.clear();
    this.#drawn = 0;
  }

  #draw(): void {
    clearTimeout(this.#later);
    this.#later = undefined;
    this.#last = this.#now();
    // One that nobody has told its size says 0.
    const rows = this.#terminal.rows || ROWS;
    const columns = this.#terminal.columns || COLUMNS;
    // The cursor stands below the last line.
    const room = rows - 1;
    const all = [...this.#live.values()];
    const more = `… and ${all.length - room + 1} more`;
    const live = all.length <= room ? all : [...all.slice(0, room - 1), more].slice(0, room);
    const cut = [...this.#finished, ...live].map((line) => [...line].slice(0, columns - 1).join(''));
    // It may have become smaller.
    const drawn = Math.min(this.#drawn, room);
    const back = drawn > 0 ? `\u001b[${drawn}A` : '';
    this.#terminal.write(`${back}\u001b[J${cut.map((line) => `${line}\n`).join('')}`);
    this.#finished = [];
    this.#drawn = live.length;
  }
}
