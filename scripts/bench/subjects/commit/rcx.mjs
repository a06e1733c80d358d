import { CHANGE } from '../../commit.mjs';
import { sh, timeProgram } from '../../processes.mjs';
import { rcxCommand, rcxLacking } from '../rcx.mjs';
import { defineSubject } from '../subject.mjs';

export const rcx = defineSubject({
  name: '`rcx`',
  available: rcxLacking,
  async setup(_scope, bench) {
    const { rcx, env } = rcxCommand(bench);
    await sh({ env })`${rcx} pull --quiet ${bench.image.reference}`;
    let count = 0;
    return async () => {
      const [name, image] = [`changed${++count}`, `${bench.pushHost}/rcx/changed:${count}`];
      await sh({ env })`${rcx} run --network none --name ${name} ${bench.image.reference} ${CHANGE}`;
      await sh`sync`;
      return {
        commit: await timeProgram([...rcx, 'commit', name, image], { env }),
        push: await timeProgram([...rcx, 'push', '--quiet', image], { env }),
      };
    };
  },
});
