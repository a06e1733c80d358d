import { CHANGE } from '../../commit.mjs';
import { preparePodman } from '../../engines/podman.mjs';
import { lacking } from '../../packages.mjs';
import { sh, timeProgram } from '../../processes.mjs';
import { defineSubject } from '../subject.mjs';

export const podman = defineSubject({
  name: '`podman`',
  available: () => lacking('podman', 'conmon', 'runc'),
  async setup(scope, bench) {
    const { podman, runFlags } = await preparePodman(scope, bench);
    await sh`${podman} pull --quiet --tls-verify=false ${bench.image.reference}`;
    let count = 0;
    return async () => {
      const [name, image] = [`changed${++count}`, `${bench.pushHost}/podman/changed:${count}`];
      await sh`${podman} run --network none ${runFlags} --name ${name} ${bench.image.reference} ${CHANGE}`;
      await sh`sync`;
      return {
        commit: await timeProgram([...podman, 'commit', '--quiet', name, image]),
        push: await timeProgram([...podman, 'push', '--quiet', '--tls-verify=false', image]),
      };
    };
  },
});
