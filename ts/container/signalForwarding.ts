import { constants } from 'node:os';
import type { MonitoredContainer } from './monitored.ts';

/** Not ours to forward: they cannot be caught, report this process' own faults or its terminal, or stop it. */
const KEPT = new Set(
  [
    'KILL',
    'STOP',
    'CHLD',
    'WINCH',
    'PIPE',
    'URG',
    'PROF',
    'VTALRM',
    'SEGV',
    'BUS',
    'ILL',
    'FPE',
    'TRAP',
    'ABRT',
    'SYS',
    'TSTP',
    'TTIN',
    'TTOU',
  ].map((name) => `SIG${name}`),
);

/**
 * Passes signals on to the container, whose program decides what they mean, as `docker run` does.
 * @param except names of signals that mean something else
 */
export function forwardSignals(
  container: Pick<MonitoredContainer, 'kill'>,
  except: readonly NodeJS.Signals[] = [],
): () => void {
  const numbers = new Set<number>(except.map((name) => constants.signals[name]));
  const handlers: [NodeJS.Signals, () => void][] = [];
  for (const [name, number] of Object.entries(constants.signals)) {
    if (KEPT.has(name) || numbers.has(number)) continue;
    numbers.add(number);
    const handler = () => container.kill(number);
    process.on(name as NodeJS.Signals, handler);
    handlers.push([name as NodeJS.Signals, handler]);
  }
  return () => {
    for (const [name, handler] of handlers) process.off(name, handler);
  };
}
