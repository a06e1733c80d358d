import { startDockerd } from '../../engines/docker.mjs';
import { lacking } from '../../packages.mjs';
import { timeProgram } from '../../processes.mjs';
import { defineSubject } from '../subject.mjs';

export const docker = defineSubject({
  name: '`docker pull`',
  available: () => lacking('docker', 'dockerd', 'containerd'),
  async setup(scope, bench) {
    const { docker } = await startDockerd(scope, bench);
    return () => timeProgram([...docker, 'pull', '--quiet', bench.image.reference]);
  },
});
