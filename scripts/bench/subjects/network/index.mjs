import { makeMachine } from '../../engines/machine.mjs';
import { startCommandMeter } from '../../meters.mjs';
import { defineSubject } from '../subject.mjs';
import { ENGINES } from './engines.mjs';

const ofEngine = ({ name, available, prepare }) =>
  defineSubject({
    name: `\`${name} run --rm\``,
    available,
    async setup(scope, bench) {
      const { words, run, env } = await prepare(scope, bench);
      const command = [...words, 'run', '--rm', ...run, bench.image.reference, 'true'];
      return startCommandMeter(scope, bench, command, env && { env });
    },
  });

/** As the others by nsenter, which takes its part of every figure. */
const node = defineSubject({
  name: '`node -e 0`',
  available: () => undefined,
  setup: async (scope, bench) =>
    startCommandMeter(scope, bench, [...(await makeMachine(scope)), process.execPath, '-e', '0']),
});

/** In the order of the table. */
export const networkSubjects = [...ENGINES.map(ofEngine), node];
