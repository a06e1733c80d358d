import { setMaxListeners } from 'node:events';
import { constants } from 'node:os';

const controller = new AbortController();
// Every running program listens; each takes its listener away when it ends.
setMaxListeners(0, controller.signal);

/** Aborted by the first SIGINT, SIGTERM or SIGHUP: what runs is ended, and every `finally` on the way out cleans up. */
export const interrupted = controller.signal;

/** The exit code a shell would report for the signal that interrupted the run; undefined while none did. */
export function interruptedExitCode() {
  return interrupted.aborted ? 128 + constants.signals[interrupted.reason.signal] : undefined;
}

export function listenForSignals() {
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => controller.abort(Object.assign(new Error(`interrupted by ${signal}`), { signal })));
  }
}
