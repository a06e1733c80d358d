import { join } from 'node:path';
import { startDockerd } from '../../engines/docker.mjs';
import { preparePodman } from '../../engines/podman.mjs';
import { lacking } from '../../packages.mjs';
import { cleanEnv, sh } from '../../processes.mjs';
import { rcxCommand, rcxLacking } from '../rcx.mjs';
import { defineSubject } from '../subject.mjs';

/** Debian's image ends at once when it is asked to; this waits to be killed. */
const WAIT = ['sleep', '86400'];

/**
 * @typedef {object} Detached what is measured of a subject
 * @property {string[]} start a command that starts one container and ends
 * @property {string[]} remove the words before the ids of those to remove
 * @property {NodeJS.ProcessEnv} env
 * @property {(words: string[]) => boolean} isMonitor whether a process by its words looks after one of these containers
 */

const rcx = defineSubject({
  name: '`rcx run -d`',
  available: rcxLacking,
  async setup(_, bench) {
    const { rcx, env } = rcxCommand(bench);
    await sh({ env })`${rcx} pull --quiet ${bench.image.reference}`;
    return () => ({
      start: [...rcx, 'run', '-d', '--network', 'none', bench.image.reference, ...WAIT],
      remove: [...rcx, 'rm', '-f'],
      env,
      isMonitor: ([name, , folder]) => name === 'rcx-monitor' && folder?.startsWith(`${bench.disk}/`),
    });
  },
});

const docker = defineSubject({
  name: '`docker run -d`',
  available: () => lacking('docker', 'dockerd', 'containerd', 'runc'),
  async setup(scope, bench) {
    const { docker } = await startDockerd(scope, bench);
    await sh`${docker} pull --quiet ${bench.image.reference}`;
    return () => ({
      start: [...docker, 'run', '-d', '--network', 'none', bench.image.reference, ...WAIT],
      remove: [...docker, 'rm', '-f'],
      env: cleanEnv(),
      isMonitor: (words) => /containerd-shim/.test(words[0]) && words.some((word) => word.startsWith(`${bench.dir}/`)),
    });
  },
});

const podman = defineSubject({
  name: '`podman run -d`',
  available: () => lacking('podman', 'conmon', 'runc'),
  async setup(scope, bench) {
    const { podman, runFlags } = await preparePodman(scope, bench);
    await sh`${podman} pull --quiet --tls-verify=false ${bench.image.reference}`;
    return () => ({
      start: [...podman, 'run', '-d', '--network', 'none', ...runFlags, bench.image.reference, ...WAIT],
      remove: [...podman, 'rm', '-f', '-t', '0'],
      env: cleanEnv(),
      isMonitor: (words) =>
        /conmon$/.test(words[0]) && words.some((word) => word.startsWith(join(bench.disk, 'podman'))),
    });
  },
});

/** In the order of the table. */
export const detachedSubjects = [rcx, docker, podman];
