import type { LayerEvent, PullEvent } from '../../ts/image/events.ts';
import { formatSize } from './format.ts';

export interface LoadProgress {
  onEvent(event: PullEvent): void;
  /** Takes the line away again. */
  finish(): void;
}

/** More cannot be read. */
const REDRAW_MS = 80;

/** At a terminal one line that says how far an image is, and that is gone when it is there; elsewhere nothing. */
export function loadProgress(quiet: boolean): LoadProgress {
  if (quiet || !process.stderr.isTTY) return { onEvent: () => undefined, finish: () => undefined };
  const sizes = new Map<string, number>();
  const done = new Map<string, number>();
  const sum = (numbers: Map<string, number>) => [...numbers.values()].reduce((total, each) => total + each, 0);
  let last = 0;
  return {
    onEvent: (event) => {
      if (event.type === 'manifest') for (const { digest, size } of event.layers) sizes.set(digest, size);
      else done.set(event.digest, bytesOf(event, sizes.get(event.digest) ?? 0));
      if (Date.now() - last < REDRAW_MS) return;
      last = Date.now();
      process.stderr.write(`\r\u001b[2KLoading layers: ${formatSize(sum(done))}/${formatSize(sum(sizes))}`);
    },
    finish: () => {
      if (last > 0) process.stderr.write('\r\u001b[2K');
    },
  };
}

function bytesOf({ status, current = 0 }: LayerEvent, size: number): number {
  return status === 'complete' || status === 'exists' ? size : current;
}
