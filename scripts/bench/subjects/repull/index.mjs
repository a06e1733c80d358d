import { startDockerd } from '../../engines/docker.mjs';
import { preparePodman } from '../../engines/podman.mjs';
import { startCommandMeter } from '../../meters.mjs';
import { lacking } from '../../packages.mjs';
import { rcxCommand, rcxLacking } from '../rcx.mjs';
import { node } from '../start/hostProcess.mjs';
import { defineSubject } from '../subject.mjs';

const rcx = defineSubject({
  name: '`rcx pull`',
  available: rcxLacking,
  async setup(scope, bench) {
    const { rcx, env } = rcxCommand(bench);
    return startCommandMeter(scope, bench, [...rcx, 'pull', '--quiet', bench.image.reference], { env });
  },
});

const docker = defineSubject({
  name: '`docker pull`',
  available: () => lacking('docker', 'dockerd', 'containerd'),
  async setup(scope, bench) {
    const { docker } = await startDockerd(scope, bench);
    return startCommandMeter(scope, bench, [...docker, 'pull', '--quiet', bench.image.reference]);
  },
});

const podman = defineSubject({
  name: '`podman pull`',
  available: () => lacking('podman', 'runc'),
  async setup(scope, bench) {
    const { podman } = await preparePodman(scope, bench);
    const pull = ['pull', '--quiet', '--tls-verify=false', bench.image.reference];
    return startCommandMeter(scope, bench, [...podman, ...pull]);
  },
});

/** In the order of the table. The run that proves a subject brings the image; each that is measured finds it up to date. */
export const repullSubjects = [rcx, node, docker, podman];
