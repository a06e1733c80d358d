/** Something that takes time: awaited for its result, iterated for what happens meanwhile. */
export type Following<Event, Result> = Promise<Result> & AsyncIterable<Event>;

/**
 * Begins something that takes time. What happens is told from the beginning to whoever iterates at once, and throws there, too, when it
 * fails.
 * @param begin does it, and tells what happens
 */
export function following<Event, Result>(
  begin: (tell: (event: Event) => void) => Promise<Result>,
): Following<Event, Result> {
  const queue = new Queue<Event>();
  const result = begin((event) => queue.add(event)).finally(() => queue.end());
  const iterate = async function* (): AsyncGenerator<Event, void, void> {
    // Whoever stops looking on does not ask for the result either.
    result.catch(() => undefined);
    yield* queue.all();
    await result;
  };
  // Of one that nobody follows nothing is kept.
  setImmediate(() => queue.dropUnlessRead());
  return Object.assign(result, { [Symbol.asyncIterator]: iterate });
}

class Queue<Event> {
  #events: Event[] | undefined = [];
  #isRead = false;
  #isOver = false;
  #wake: () => void = () => undefined;

  add(event: Event): void {
    this.#events?.push(event);
    this.#wake();
  }

  end(): void {
    this.#isOver = true;
    this.#wake();
  }

  dropUnlessRead(): void {
    if (!this.#isRead) this.#events = undefined;
  }

  async *all(): AsyncGenerator<Event, void, void> {
    this.#isRead = true;
    this.#events ??= [];
    for (;;) {
      const next = this.#events.shift();
      if (next !== undefined) yield next;
      else if (this.#isOver) return;
      else
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
    }
  }
}
