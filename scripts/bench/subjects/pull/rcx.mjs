import { timeProgram } from '../../processes.mjs';
import { rcxCommand, rcxLacking } from '../rcx.mjs';
import { defineSubject } from '../subject.mjs';

export const rcx = defineSubject({
  name: '`rcx pull`',
  available: rcxLacking,
  async setup(_scope, bench) {
    const { rcx, env } = rcxCommand(bench);
    return () => timeProgram([...rcx, 'pull', '--quiet', bench.image.reference], { env });
  },
});
