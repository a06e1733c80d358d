/**
 * The same pieces, until the signal comes: also while none comes. A source that is waiting then is left alone, as it would not
 * hear before its next piece.
 * @throws the signal's reason, and what `source` throws
 */
export async function* abortable<T>(source: AsyncIterable<T>, signal: AbortSignal): AsyncGenerator<T, void, void> {
  const iterator = source[Symbol.asyncIterator]();
  let isOver = false;
  try {
    for (;;) {
      const { done, value } = await unlessAborted(() => iterator.next(), signal);
      isOver = done === true;
      if (isOver) return;
      yield value;
    }
  } catch (error) {
    isOver = !signal.aborted;
    throw error;
  } finally {
    if (!isOver) void Promise.resolve(iterator.return?.()).catch(() => undefined);
  }
}

/** Not by `Promise.race`, of which each call would leave something behind with a promise that never settles. */
function unlessAborted<T>(body: () => Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    signal.throwIfAborted();
    const onAbort = () => reject(signal.reason);
    signal.addEventListener('abort', onAbort, { once: true });
    body()
      .finally(() => signal.removeEventListener('abort', onAbort))
      .then(resolve, reject);
  });
}
