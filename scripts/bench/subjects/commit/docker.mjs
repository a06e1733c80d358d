import { CHANGE } from '../../commit.mjs';
import { startDockerd } from '../../engines/docker.mjs';
import { lacking } from '../../packages.mjs';
import { sh, timeProgram } from '../../processes.mjs';
import { defineSubject } from '../subject.mjs';

export const docker = defineSubject({
  name: '`docker`',
  available: () => lacking('docker', 'dockerd', 'containerd', 'runc'),
  async setup(scope, bench) {
    const { docker } = await startDockerd(scope, bench);
    await sh`${docker} pull --quiet ${bench.image.reference}`;
    let count = 0;
    return async () => {
      const [name, image] = [`changed${++count}`, `${bench.pushHost}/docker/changed:${count}`];
      await sh`${docker} run --network none --name ${name} ${bench.image.reference} ${CHANGE}`;
      await sh`sync`;
      return {
        commit: await timeProgram([...docker, 'commit', name, image]),
        push: await timeProgram([...docker, 'push', '--quiet', image]),
      };
    };
  },
});
