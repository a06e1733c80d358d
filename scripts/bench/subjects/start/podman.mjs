import { preparePodman } from '../../engines/podman.mjs';
import { lacking } from '../../packages.mjs';
import { sh, timeProgram } from '../../processes.mjs';
import { defineSubject } from '../subject.mjs';

export const podman = defineSubject({
  name: '`podman run --rm --network none`',
  available: () => lacking('podman', 'conmon', 'runc'),
  async setup(scope, bench) {
    const { podman, runFlags } = await preparePodman(scope, bench);
    await sh`${podman} pull --quiet --tls-verify=false ${bench.image.reference}`;
    return () =>
      timeProgram([...podman, 'run', '--rm', '--network', 'none', ...runFlags, bench.image.reference, 'true']);
  },
});
