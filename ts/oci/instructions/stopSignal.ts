import { quote } from '../quote.ts';
import { expander } from './environment.ts';
import type { Apply } from './instruction.ts';
import { join } from './pieces.ts';

/** Linux's signals (signal(7)) by the names that Docker knows. */
const NAMES = new Set(
  (
    'HUP INT QUIT ILL TRAP ABRT IOT BUS FPE KILL USR1 SEGV USR2 PIPE ALRM TERM STKFLT CHLD CONT STOP TSTP TTIN TTOU ' +
    'URG XCPU XFSZ VTALRM PROF WINCH IO POLL PWR SYS'
  ).split(' '),
);
/** Docker counts real-time signals from the nearer end. */
const REAL_TIME = /^RT(?:MIN(?:\+(?:[1-9]|1[0-5]))?|MAX(?:-(?:[1-9]|1[0-4]))?)$/;
const HIGHEST = 64;

/** `STOPSIGNAL SIGTERM`, `term` or `15`; kept as it is written. */
export const stopSignal: Apply = ({ config }, instruction) => {
  const StopSignal = join(expander(config.Env, instruction)(instruction.rest));
  if (!isSignal(StopSignal)) throw instruction.fail(`${quote(StopSignal)} is no signal`);
  return { ...config, StopSignal };
};

function isSignal(text: string): boolean {
  if (/^[0-9]+$/.test(text)) return Number(text) >= 1 && Number(text) <= HIGHEST;
  const name = text.toUpperCase().replace(/^SIG/, '');
  return NAMES.has(name) || REAL_TIME.test(name);
}
