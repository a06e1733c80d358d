import { readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { waitUntil } from '../support/processes.ts';

const NAMESPACES = ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts'];

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const shell = (script: string, ...flags: string[]) =>
  store.ok(['run', '--rm', ...flags, 'ubuntu', 'bash', '-c', script]);

async function namespaces(...flags: string[]): Promise<string[]> {
  return (await shell(`for n in ${NAMESPACES.join(' ')}; do readlink /proc/self/ns/$n; done`, ...flags))
    .trim()
    .split('\n');
}

describe('namespaces', () => {
  const host = NAMESPACES.map((name) => readlinkSync(`/proc/self/ns/${name}`));

  it('are all the container’s own, and of no other container', async () => {
    // Both at the same time: the kernel gives the numbers of ended ones out again.
    const script = `for n in ${NAMESPACES.join(' ')}; do readlink /proc/self/ns/$n; done; exec sleep 60`;
    const running = store.start(['run', '--rm', '--init', 'ubuntu', 'sh', '-c', script]);
    let one = '';
    running.stdout.on('data', (chunk) => {
      one += chunk;
    });
    await waitUntil(() => one.split('\n').length > NAMESPACES.length);
    const two = await namespaces();
    running.kill('SIGTERM');
    await running;
    expect(new Set([...host, ...one.trim().split('\n'), ...two]).size).toBe(3 * NAMESPACES.length);
  });

  it('are the host’s only where that was asked for', async () => {
    const inside = await namespaces('--network', 'host');
    const same = NAMESPACES.filter((_, index) => inside[index] === host[index]);
    expect(same).toEqual(['net']);
  });

  it('show only the container’s processes', async () => {
    expect(await shell('echo $$; ls /proc | grep -c "^[0-9]"')).toMatch(/^1\n[1-4]\n$/);
    const processes = await shell('ps -eo pid,args --no-headers');
    expect(processes.trim().split('\n').length).toBeLessThanOrEqual(2);
    // Signals to everybody reach nobody outside.
    const bystander = execa('sleep', ['60'], { reject: false });
    await shell('kill -9 -1; true', '--init').catch(() => undefined);
    expect(bystander.exitCode).toBeNull();
    bystander.kill();
    await bystander;
  });

  it('keep System V memory and message queues apart', async () => {
    const { stdout: id } = await execa('ipcmk', ['--shmem', '4096']);
    const number = /\d+/.exec(id)?.[0] ?? '';
    try {
      expect(await shell('ipcs -m | grep -c "^0x"; true')).toBe('0\n');
    } finally {
      await execa('ipcrm', ['--shmem-id', number]);
    }
  });

  it('keep the host’s name as it is', async () => {
    const before = hostname();
    await shell('hostname other; true', '-h', 'box');
    expect(hostname()).toBe(before);
  });

  it('let no setting of the whole machine be changed', async () => {
    const script =
      'for f in kernel/panic vm/swappiness kernel/hostname net/ipv4/ip_forward; do (echo 1 > /proc/sys/$f) 2>/dev/null && echo $f; done; true';
    expect(await shell(script)).toBe('');
  });
});
