import { printable } from './errors.ts';
import { formatSize } from './format.ts';

/** How far a copy is, on stderr, as docker shows it. */
export interface CopyProgress {
  onProgress: ((bytes: number) => void) | undefined;
  /** Says that all is copied. */
  done(target: string): void;
  /** Removes the line that changes. */
  clear(): void;
}

/** Shorter copies show nothing but their result. */
const FIRST_MS = 300;
const INTERVAL_MS = 100;
const ERASE_LINE = '\r\x1b[K';

/** A line that changes, on a terminal, and a last one. */
export function copyProgress(direction: 'in' | 'out', quiet: boolean): CopyProgress {
  if (quiet) return { onProgress: undefined, done: () => undefined, clear: () => undefined };
  const what = direction === 'in' ? 'Copying to container' : 'Copying from container';
  let next = Date.now() + FIRST_MS;
  let total = 0;
  let isShown = false;
  const clear = () => {
    if (isShown) process.stderr.write(ERASE_LINE);
    isShown = false;
  };
  return {
    onProgress: (bytes) => {
      total = bytes;
      const now = Date.now();
      if (now < next || !process.stderr.isTTY) return;
      next = now + INTERVAL_MS;
      process.stderr.write(`${ERASE_LINE}${what} - ${formatSize(bytes)}`);
      isShown = true;
    },
    done: (target) => {
      clear();
      process.stderr.write(`Successfully copied ${formatSize(total)} to ${printable(target)}\n`);
    },
    clear,
  };
}
