import { startCommandMeter } from '../../meters.mjs';
import { defineSubject } from '../subject.mjs';

/** What spawning and waiting cost this benchmark itself: part of every figure of a command line. */
export const hostProcess = defineSubject({
  name: '`true` on the host (spawn and wait alone)',
  available: () => undefined,
  setup: async (scope, bench) => startCommandMeter(scope, bench, ['true']),
});

/** What every command line written for Node pays before its first line. */
export const node = defineSubject({
  name: '`node -e 0`',
  available: () => undefined,
  setup: async (scope, bench) => startCommandMeter(scope, bench, [process.execPath, '-e', '0']),
});
