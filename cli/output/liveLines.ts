/** Redrawn at most this often: more cannot be read, and every write costs what is being shown. */
const REDRAW_MS = 80;
/** Where a terminal does not say. */
const [ROWS, COLUMNS] = [24, 80];

/** The terminal that lines are drawn on. */
export type LiveTerminal = Pick<NodeJS.WriteStream, 'write'> & { rows?: number; columns?: number };

/**
 * Lines that change in place. What is finished scrolls away above; what is not is redrawn, never more of it than the terminal
 * has room for: the cursor could not get back to what has scrolled out of sight.
 */
export class LiveLines {
  readonly #terminal: LiveTerminal;
  readonly #now: () => number;
  readonly #live = new Map<string, string>();
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
    if (this.#now() - this.#last >= REDRAW_MS) this.#draw();
  }

  /** Shows all that there is to show, and leaves it. */
  finish(): void {
    this.#draw();
    this.#drawn = 0;
  }

  #draw(): void {
    this.#last = this.#now();
    const { rows = ROWS, columns = COLUMNS } = this.#terminal;
    // The cursor stands below the last line.
    const room = Math.max(1, rows - 1);
    const all = [...this.#live.values()];
    const live = all.length <= room ? all : [...all.slice(0, room - 1), `… and ${all.length - room + 1} more`];
    const cut = [...this.#finished, ...live].map((line) => [...line].slice(0, columns - 1).join(''));
    const back = this.#drawn > 0 ? `\u001b[${this.#drawn}A` : '';
    this.#terminal.write(`${back}\u001b[J${cut.map((line) => `${line}\n`).join('')}`);
    this.#finished = [];
    this.#drawn = live.length;
  }
}
