import { startCommandMeter } from '../../meters.mjs';
import { node } from '../start/hostProcess.mjs';
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

/** In the order of the table. */
export const networkSubjects = [...ENGINES.map(ofEngine), node];
