import { preparePodman } from '../../engines/podman.mjs';
import { lacking } from '../../packages.mjs';
import { timeProgram } from '../../processes.mjs';
import { defineSubject } from '../subject.mjs';

export const podman = defineSubject({
  name: '`podman pull`',
  available: () => lacking('podman', 'runc'),
  async setup(scope, bench) {
    const { podman } = await preparePodman(scope, bench);
    return () => timeProgram([...podman, 'pull', '--quiet', '--tls-verify=false', bench.image.reference]);
  },
});
