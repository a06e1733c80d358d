import { constants } from 'node:os';
import { RcxError } from '../errors.ts';

/**
 * The number of a signal given as `SIGTERM`, `term` or `15`.
 * @throws ERR_RCX_INVALID_SIGNAL
 */
export function parseSignal(text: string): number {
  const numbers = constants.signals as Record<string, number>;
  const upper = text.toUpperCase();
  const byName = numbers[upper] ?? numbers[`SIG${upper}`] ?? realTime(upper.replace(/^SIG/, ''));
  const number = /^[0-9]+$/.test(text) ? Number(text) : byName;
  if (number !== undefined && number >= 1 && number <= 64) return number;
  throw new RcxError(`read the signal: ${JSON.stringify(text)} is no signal`, {
    code: 'ERR_RCX_INVALID_SIGNAL',
    step: 'read the signal',
    path: text,
    hint: 'give a name such as SIGTERM, or a number from 1 to 64',
  });
}

/** The name of a signal, `SIGTERM`; real-time signals as `SIGRTMIN+n`. */
export function signalName(number: number): string {
  const found = Object.entries(constants.signals).find(([, value]) => value === number)?.[0];
  return found ?? `SIGRTMIN+${number - RT_MIN}`;
}

/** glibc keeps 32 and 33 to itself (signal(7)). */
const RT_MIN = 34;
const RT_MAX = 64;

function realTime(name: string): number | undefined {
  const match = /^RT(MIN|MAX)(?:([+-])([0-9]+))?$/.exec(name);
  if (match === null) return undefined;
  const offset = Number(`${match[2] ?? '+'}${match[3] ?? 0}`);
  return (match[1] === 'MIN' ? RT_MIN : RT_MAX) + offset;
}
