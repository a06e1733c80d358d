import { startDockerd } from '../../engines/docker.mjs';
import { startCommandMeter } from '../../meters.mjs';
import { lacking } from '../../packages.mjs';
import { sh } from '../../processes.mjs';
import { defineSubject } from '../subject.mjs';

export const docker = defineSubject({
  name: '`docker run --rm --network none`',
  available: () => lacking('docker', 'dockerd', 'containerd', 'runc'),
  async setup(scope, bench) {
    const { docker } = await startDockerd(scope, bench);
    await sh`${docker} pull --quiet ${bench.image.reference}`;
    const run = ['run', '--rm', '--network', 'none', bench.image.reference, 'true'];
    return startCommandMeter(scope, bench, [...docker, ...run]);
  },
});
