import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { ready, removeAll } from '../support/life.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

const shell = (script: string, ...flags: string[]) =>
  store.ok(['run', '--rm', ...flags, 'ubuntu', 'bash', '-c', script]);
const own = (name: string) => `${readlinkSync(`/proc/self/ns/${name}`)}\n`;

describe('--uts', () => {
  it('host is the host’s, with its name', async () => {
    const script = 'readlink /proc/self/ns/uts; hostname; cat /etc/hostname; echo $HOSTNAME';
    expect(await shell(script, '--uts', 'host')).toBe(`${own('uts')}${`${hostname()}\n`.repeat(3)}`);
    expect(await shell('readlink /proc/self/ns/uts')).not.toBe(own('uts'));
    const id = (await store.ok(['create', '--uts', 'host', 'ubuntu', 'true'])).trim();
    expect(await store.ok(['inspect', '-f', '{{.HostConfig.UTSMode}} {{.Config.Hostname}}', id])).toBe(
      `host ${hostname()}\n`,
    );
  });

  it('host cannot be given another name', async () => {
    for (const flag of ['--hostname', '--domainname']) {
      const outcome = await store.rcx(['run', '--uts', 'host', flag, 'x', 'ubuntu', 'true']);
      expectFailure(outcome, 125, /conflicting options: (host|domain)name and the UTS mode/);
    }
    expect(hostname()).not.toBe('x');
  });
});

describe('--cgroupns', () => {
  it('host shows where the container is, and changes nothing about what it may do', async () => {
    const script =
      'readlink /proc/self/ns/cgroup; cat /proc/self/cgroup; for dir in /sys/fs/cgroup /sys/fs/cgroup/memory; do mkdir $dir/mine 2>&1; done; true';
    const output = await shell(script, '--cgroupns', 'host', '-m', '64m');
    expect(output).toMatch(new RegExp(`^${own('cgroup').replace(/[[\]]/g, '\\$&')}`));
    expect(output).toMatch(/:\/rcx\/[0-9a-f]{64}$/m);
    expect(output).toMatch(/Read-only file system/);
    expect(await shell('cat /proc/self/cgroup', '-m', '64m')).not.toMatch(/\/rcx\//);
  });
});

describe('--userns and --net', () => {
  it('are understood as far as there is something to understand', async () => {
    expect(await shell('readlink /proc/self/ns/user', '--userns', 'host')).toBe(own('user'));
    expect(await shell('readlink /proc/self/ns/net', '--net', 'host')).toBe(own('net'));
    expect(await shell('readlink /proc/self/ns/net', '--net=none')).not.toBe(own('net'));
  });

  it.each([
    ['--uts', 'mine'],
    ['--cgroupns', 'mine'],
    ['--network', 'container:'],
    ['--network', 'container:there-is-none'],
    ['--pid', 'mine'],
  ])('%s %s is refused before anything is made', async (flag, mode) => {
    const outcome = await store.rcx(['run', flag, mode, 'ubuntu', 'true']);
    expectFailure(outcome, 125, new RegExp(mode === 'container:there-is-none' ? 'there-is-none' : flag));
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });
});

describe('--network container:NAME', () => {
  const SERVE = `perl -MIO::Socket::INET -e 'my $s = IO::Socket::INET->new(Listen => 5, LocalAddr => "127.0.0.1:7007") or die; print "ready\\n"; $| = 1; while (my $c = $s->accept) { print $c "served\\n"; close $c }'`;
  const ASK = 'exec 3<>/dev/tcp/127.0.0.1/7007; cat <&3';

  it('is that container’s network, with its name and its files', async () => {
    const id = await ready(store, ['--name', 'web', '-h', 'web', '--add-host', 'db:10.0.0.2'], `${SERVE} & wait`);
    const other = ['--network', 'container:web'];
    expect(await shell(ASK, ...other)).toBe('served\n');
    expect(await shell('hostname; cat /etc/hostname; grep db /etc/hosts', ...other)).toBe('web\nweb\n10.0.0.2\tdb\n');
    await store.ok(['exec', id, 'sh', '-c', 'echo "10.0.0.3 late" >> /etc/hosts']);
    expect(await shell('grep late /etc/hosts', ...other)).toBe('10.0.0.3 late\n');
    const third = await ready(store, other, 'echo ready; exec sleep 100');
    expect(await store.ok(['exec', third, 'bash', '-c', ASK])).toBe('served\n');
    expect(await shell(ASK, '--network', `container:${third}`)).toBe('served\n');
    const [{ HostConfig, HostsPath, Mounts }] = JSON.parse(await store.ok(['inspect', third]));
    expect({ mode: HostConfig.NetworkMode, Mounts }).toEqual({ mode: `container:${id}`, Mounts: [] });
    expect(readFileSync(HostsPath, 'utf8')).toContain('late');
  });

  it('of one that does not run is refused, but create can wait for it', async () => {
    const id = (await store.ok(['create', '--name', 'later', 'ubuntu', 'sleep', '100'])).trim();
    const args = ['--network', 'container:later', 'ubuntu', 'readlink', '/proc/self/ns/net'];
    expectFailure(await store.rcx(['run', '--rm', ...args]), 125, /later: it is not running; start it with/);
    const other = (await store.ok(['create', ...args])).trim();
    await store.ok(['start', id]);
    const network = await store.ok(['exec', id, 'readlink', '/proc/self/ns/net']);
    expect(await store.ok(['start', '-a', other])).toBe(network);
  });

  it('can have its settings changed, unless it is the host’s after all', async () => {
    const name = 'net.core.somaxconn';
    const args = (donor: string) => [
      'run',
      '--rm',
      '--network',
      `container:${donor}`,
      '--sysctl',
      `${name}=99`,
      'ubuntu',
    ];
    const donor = await ready(store, [], 'echo ready; exec sleep 100');
    expect(await store.ok([...args(donor), 'cat', '/proc/sys/net/core/somaxconn'])).toBe('99\n');
    const before = readFileSync('/proc/sys/net/core/somaxconn', 'utf8');
    const hosts = await ready(store, ['--network', 'host'], 'echo ready; exec sleep 100');
    expectFailure(await store.rcx([...args(hosts), 'true']), 125, /network namespace is the host's/);
    expect(readFileSync('/proc/sys/net/core/somaxconn', 'utf8')).toBe(before);
  });
});
