let guarded = false;

/**
 * Writes a line to stdout. Never follow it with `process.exit`: what a slow reader of a pipe has not taken yet would be lost.
 */
export function print(line: string): void {
  write(`${line}\n`);
}

/** Writes text to stdout as it is. */
export function write(text: string): void {
  if (text === '') return;
  guard();
  process.stdout.write(text);
}

/** A reader that has seen enough, as `head` has, is no failure. */
function guard(): void {
  if (guarded) return;
  guarded = true;
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
}
