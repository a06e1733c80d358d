import { join } from 'node:path';
import { startDockerd } from '../../engines/docker.mjs';
import { preparePodman } from '../../engines/podman.mjs';
import { startAnswering } from '../../meters.mjs';
import { lacking } from '../../packages.mjs';
import { sh } from '../../processes.mjs';
import { rcxCommand, rcxLacking } from '../rcx.mjs';
import { defineSubject } from '../subject.mjs';

/** A meter of scripts/bench/parallel, asked with how many at once and how many in all. */
function startParallel(scope, { root }, [name, ...words], options) {
  const meter = join(root, 'scripts/bench/parallel', name);
  const ask = startAnswering(scope, [process.execPath, meter, ...words], options);
  return async ({ atOnce = 1, total = 1 } = {}) => JSON.parse(await ask(`${atOnce} ${total}`));
}

const rcx = defineSubject({
  name: 'rcx API, in-process',
  available: rcxLacking,
  async setup(scope, bench) {
    const { rcx, env } = rcxCommand(bench);
    await sh({ env })`${rcx} pull --quiet ${bench.image.reference}`;
    return startParallel(scope, bench, ['rcxMeter.mjs', bench.image.reference], { env });
  },
});

const dockerode = defineSubject({
  name: 'dockerode (create, start, wait, remove)',
  available: () => lacking('docker', 'dockerd', 'containerd', 'runc'),
  async setup(scope, bench) {
    const { docker, socket } = await startDockerd(scope, bench);
    await sh`${docker} pull --quiet ${bench.image.reference}`;
    return startParallel(scope, bench, ['dockerodeMeter.mjs', socket, bench.image.reference]);
  },
});

const podman = defineSubject({
  name: '`podman run --rm`',
  available: () => lacking('podman', 'conmon', 'runc'),
  async setup(scope, bench) {
    const { podman, runFlags } = await preparePodman(scope, bench);
    const { reference } = bench.image;
    await sh`${podman} pull --quiet --tls-verify=false ${reference}`;
    const run = ['run', '--rm', '--network', 'none', ...runFlags, reference, 'true'];
    return startParallel(scope, bench, ['commandMeter.mjs', ...podman, ...run]);
  },
});

/** In the order of the table. */
export const parallelSubjects = [rcx, dockerode, podman];
