import { sh, timeProgram } from '../../processes.mjs';
import { rcxCommand, rcxLacking } from '../rcx.mjs';
import { defineSubject } from '../subject.mjs';

export const rcxCli = defineSubject({
  name: '`rcx run --rm --network none`',
  available: rcxLacking,
  async setup(_scope, bench) {
    const { rcx, env } = rcxCommand(bench);
    await sh({ env })`${rcx} pull --quiet ${bench.image.reference}`;
    return () => timeProgram([...rcx, 'run', '--rm', '--network', 'none', bench.image.reference, 'true'], { env });
  },
});
