import { cpus, loadavg, release, totalmem, type } from 'node:os';
import { fs } from 'zx';
import { sh } from './processes.mjs';

const VERSION_COMMANDS = {
  docker: ['docker', '--version'],
  dockerd: ['dockerd', '--version'],
  containerd: ['containerd', '--version'],
  podman: ['podman', '--version'],
  runc: ['runc', '--version'],
  bubblewrap: ['bwrap', '--version'],
  'docker-registry': ['docker-registry', '--version'],
  cc: ['cc', '--version'],
};

/** What each program says of itself in its first line. */
async function versions() {
  const pairs = await Promise.all(
    Object.entries(VERSION_COMMANDS).map(async ([name, command]) => {
      const result = await sh({ nothrow: true })`${command}`;
      return [name, result.exitCode === 0 ? result.stdout.split('\n')[0].trim() : 'not installed'];
    }),
  );
  return { node: process.version, ...Object.fromEntries(pairs) };
}

/** What has to be known about a machine to read its figures. */
export async function machineFacts() {
  const osRelease = await fs.readFile('/etc/os-release', 'utf8');
  return {
    date: new Date().toISOString(),
    cpu: cpus()[0].model.trim(),
    cores: cpus().length,
    memoryBytes: totalmem(),
    /** Over the last minute: on a machine with other work, only the ratios mean something. */
    load: loadavg()[0],
    kernel: `${type()} ${release()}`,
    distribution: /^PRETTY_NAME="?([^"\n]*)/m.exec(osRelease)?.[1] ?? 'unknown',
    rcx: (await sh({ nothrow: true })`git describe --always --dirty`).stdout.trim() || 'unknown',
    versions: await versions(),
  };
}
