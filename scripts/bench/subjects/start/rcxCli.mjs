import { startCommandMeter } from '../../meters.mjs';
import { sh } from '../../processes.mjs';
import { rcxCommand, rcxLacking } from '../rcx.mjs';
import { defineSubject } from '../subject.mjs';

export const rcxCli = defineSubject({
  name: '`rcx run --rm --network none`',
  available: rcxLacking,
  async setup(scope, bench) {
    const { rcx, env } = rcxCommand(bench);
    await sh({ env })`${rcx} run --rm --network none ${bench.image.reference} true`;
    const run = ['run', '--rm', '--network', 'none', bench.image.reference, 'true'];
    return startCommandMeter(scope, bench, [...rcx, ...run], { env });
  },
});
