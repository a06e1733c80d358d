import { preparePodman } from '../../engines/podman.mjs';
import { startCommandMeter } from '../../meters.mjs';
import { lacking } from '../../packages.mjs';
import { sh } from '../../processes.mjs';
import { defineSubject } from '../subject.mjs';

export const podman = defineSubject({
  name: '`podman run --rm --network none`',
  available: () => lacking('podman', 'conmon', 'runc'),
  async setup(scope, bench) {
    const { podman, runFlags } = await preparePodman(scope, bench);
    await sh`${podman} pull --quiet --tls-verify=false ${bench.image.reference}`;
    const { reference } = bench.image;
    const run = ['run', '--rm', '--network', 'none', ...runFlags, reference, 'true'];
    return startCommandMeter(scope, bench, [...podman, ...run]);
  },
});
