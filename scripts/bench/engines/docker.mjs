import { join } from 'node:path';
import { fs } from 'zx';
import { cleanEnv, sh, startDaemon } from '../processes.mjs';
import { CGROUP_PARENT, removeCgroupParent } from './cgroups.mjs';

/**
 * A dockerd (and the containerd it starts) of this run's own: images on `disk`, everything else in `dir`, no configuration of the
 * host's. No bridge, no firewall rules and no forwarding, unless there is a network namespace to have them in. Otherwise as it comes.
 * @param {string[]} [machine] the words that a command in such a one begins with
 * @returns {Promise<{ docker: string[], socket: string }>} the words a docker command begins with
 */
export async function startDockerd(scope, { disk, dir }, machine = []) {
  const home = join(dir, 'docker');
  const socket = join(home, 'docker.sock');
  await fs.outputFile(join(home, 'daemon.json'), '{}\n');
  scope.defer('remove cgroups', removeCgroupParent);
  scope.defer('end a containerd that outlived dockerd', () =>
    endContainerd(join(home, 'exec/containerd/containerd.pid')),
  );
  const command = [
    ...[...machine, 'dockerd', '--config-file', join(home, 'daemon.json'), '--host', `unix://${socket}`],
    ...['--data-root', join(disk, 'docker'), '--exec-root', join(home, 'exec'), '--pidfile', join(home, 'docker.pid')],
    ...['--storage-driver', 'overlay2', '--exec-opt', 'native.cgroupdriver=cgroupfs', '--cgroup-parent', CGROUP_PARENT],
    ...(machine.length > 0 ? [] : ['--iptables=false', '--ip6tables=false', '--ip-forward=false', '--bridge=none']),
  ];
  await startDaemon(scope, command, {
    env: cleanEnv({ DOCKER_TMPDIR: join(disk, 'docker-tmp') }),
    log: join(home, 'dockerd.log'),
    ready: async () => (await sh({ nothrow: true })`docker --host unix://${socket} version`).exitCode === 0,
  });
  return { docker: ['docker', '--host', `unix://${socket}`], socket };
}

/** dockerd ends its containerd unless it was killed itself; the pid file then still names it. */
async function endContainerd(pidFile) {
  if (!(await fs.pathExists(pidFile))) return;
  const pid = Number(await fs.readFile(pidFile, 'utf8'));
  const name = await fs.readFile(`/proc/${pid}/comm`, 'utf8').catch(() => '');
  if (name.trim() === 'containerd') process.kill(pid, 'SIGTERM');
}
