import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, openSync, readFileSync, rmdirSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { execa } from 'execa';
import { cgroupsOf } from './cgroups.ts';
import { isRunning, waitUntil } from './processes.ts';

/** What a machine needs for {@link startDocker}. */
export const DOCKER = { root: true, commands: ['docker', 'dockerd', 'containerd'] } as const;

export interface Docker {
  /** Runs `docker ...args`, which must succeed; returns stdout. */
  docker(...args: string[]): Promise<string>;
  close(): Promise<void>;
}

/** A dockerd of a test's own: everything of it in `folder`; no bridge, no firewall rules, nothing of the host's configuration. */
export async function startDocker(folder: string): Promise<Docker> {
  mkdirSync(folder, { recursive: true });
  const at = (name: string) => join(folder, name);
  writeFileSync(at('daemon.json'), '{}');
  // docker leaves the parent of its containers' cgroups behind.
  const parent = `docker-of-${basename(dirname(folder))}`;
  const log = openSync(at('log'), 'w');
  const args = [
    ...['--config-file', at('daemon.json'), '--host', `unix://${at('sock')}`, '--pidfile', at('pid')],
    ...['--data-root', at('root'), '--exec-root', at('exec'), '--storage-driver', 'vfs'],
    `--cgroup-parent=/${parent}`,
    ...['--bridge=none', '--iptables=false', '--ip6tables=false', '--ip-forward=false'],
  ];
  const daemon = spawn('dockerd', args, {
    stdio: ['ignore', log, log],
    env: { ...process.env, DOCKER_TMPDIR: at('tmp') },
  });
  const docker = async (...words: string[]) => {
    const { stdout } = await execa('docker', ['--host', `unix://${at('sock')}`, '--config', at('client'), ...words]);
    return stdout;
  };
  const close = async () => {
    const exited = once(daemon, 'exit');
    if (daemon.exitCode === null && daemon.kill('SIGTERM')) await exited;
    await endContainerd(at('exec/containerd/containerd.pid'));
    // Removing its folder while it is mounted would be a surprise.
    await execa('umount', ['--recursive', at('root')], { reject: false });
    for (const cgroup of cgroupsOf(parent)) rmdirSync(cgroup);
    rmSync(folder, { recursive: true, force: true });
  };
  const answers = () =>
    docker('version').then(
      () => true,
      () => false,
    );
  try {
    await waitUntil(async () => daemon.exitCode !== null || (await answers()), {
      timeout: 30_000,
      what: 'dockerd to answer',
    });
    if (daemon.exitCode !== null) throw new Error(`dockerd ended: ${readFileSync(at('log'), 'utf8')}`);
    return { docker, close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** dockerd ends its containerd unless it was killed itself. */
async function endContainerd(pidFile: string): Promise<void> {
  if (!existsSync(pidFile)) return;
  const pid = Number(readFileSync(pidFile, 'utf8'));
  const name = existsSync(`/proc/${pid}/comm`) ? readFileSync(`/proc/${pid}/comm`, 'utf8') : '';
  if (name.trim() !== 'containerd') return;
  process.kill(pid, 'SIGTERM');
  await waitUntil(() => !isRunning(pid));
}
