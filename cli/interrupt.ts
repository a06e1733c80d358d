const DEADLY: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/**
 * Runs `body`, which cleans up after itself when a deadly signal comes; then the process dies of that signal, as if it had not been
 * caught, so that a shell sees what ended the command.
 */
export async function interruptible<T>(body: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const interruption = new AbortController();
  let caught: NodeJS.Signals | undefined;
  const onSignal = (signal: NodeJS.Signals) => {
    caught = signal;
    interruption.abort();
  };
  for (const signal of DEADLY) process.once(signal, onSignal);
  try {
    return await body(interruption.signal);
  } finally {
    for (const signal of DEADLY) process.off(signal, onSignal);
    if (caught !== undefined) process.kill(process.pid, caught);
  }
}
