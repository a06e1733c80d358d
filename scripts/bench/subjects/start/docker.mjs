import { startDockerd } from '../../engines/docker.mjs';
import { lacking } from '../../packages.mjs';
import { sh, timeProgram } from '../../processes.mjs';
import { defineSubject } from '../subject.mjs';

export const docker = defineSubject({
  name: '`docker run --rm --network none`',
  available: () => lacking('docker', 'dockerd', 'containerd', 'runc'),
  async setup(scope, bench) {
    const { docker } = await startDockerd(scope, bench);
    await sh`${docker} pull --quiet ${bench.image.reference}`;
    return () => timeProgram([...docker, 'run', '--rm', '--network', 'none', bench.image.reference, 'true']);
  },
});
