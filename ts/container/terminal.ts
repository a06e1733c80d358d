import { native } from '../native/index.ts';
import type { MonitoredContainer } from './monitored.ts';

/** Raw mode and window size; the function returned undoes it, and so does every other way out of the process. */
export function connectTerminal(container: Pick<MonitoredContainer, 'resize'>, interactive: boolean): () => void {
  const addon = native();
  const resize = () => {
    const [columns, rows] = process.stdout.isTTY ? process.stdout.getWindowSize() : [80, 24];
    container.resize(rows, columns);
  };
  const restore = () => addon.restoreTerminal();
  resize();
  process.stdout.on('resize', resize);
  process.on('exit', restore);
  if (interactive) addon.makeTerminalRaw();
  return () => {
    process.stdout.off('resize', resize);
    restore();
    process.off('exit', restore);
  };
}
