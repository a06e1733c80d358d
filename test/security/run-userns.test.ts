import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { ready } from '../support/life.ts';
import { processesUsing } from '../support/processes.ts';
import { RCX_BIN } from '../support/rcxBin.ts';

let store: Store;
let folder: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  folder = join(store.folder, 'host');
  mkdirSync(folder);
  writeFileSync(join(folder, 'secret'), 'of the host\n', { mode: 0o600 });
  writeFileSync(join(folder, 'open'), 'to everybody\n', { mode: 0o644 });
  // No umask may hide what is tested.
  chmodSync(folder, 0o755);
});
afterAll(() => store.close());

const AUTO = ['--userns', 'auto'];
const shell = (script: string, ...flags: string[]) =>
  store.ok(['run', '--rm', ...AUTO, ...flags, 'ubuntu', 'sh', '-c', script]);
const inspect = async (name: string, template: string) => (await store.ok(['inspect', '-f', template, name])).trim();
const pidOf = async (name: string) => Number(await inspect(name, '{{.State.Pid}}'));

describe('the root of a user namespace', () => {
  it('reads no file of the host’s root, however it came into the container', async () => {
    const script = 'id -u; cat /h/open; cat /h/secret || echo refused; echo x 2> /dev/null >> /h/open || echo refused';
    const { stdout } = await store.rcx(['run', '--rm', ...AUTO, '-v', `${folder}:/h`, 'ubuntu', 'sh', '-c', script]);
    expect(stdout).toBe('0\nto everybody\nrefused\nrefused\n');
    expect(readFileSync(join(folder, 'open'), 'utf8')).toBe('to everybody\n');
  });

  it('has docker’s capabilities inside, and none outside', async () => {
    const id = await ready(store, ['--name', 'caps', ...AUTO]);
    const pid = await pidOf('caps');
    const effective = (of: number | string) =>
      /^CapEff:\s+(.*)$/m.exec(readFileSync(`/proc/${of}/status`, 'utf8'))?.[1];
    expect(effective(pid)).toBe('00000000a80425fb');
    // All of them count in the namespace that it is in, which is not the host's.
    const namespace = async (of: number | string) => (await execa('readlink', [`/proc/${of}/ns/user`])).stdout;
    expect(await namespace(pid)).not.toBe(await namespace('self'));
    await store.ok(['rm', '-f', id]);
  });

  it('owns all its namespaces', async () => {
    await ready(store, ['--name', 'owner', ...AUTO]);
    const pid = await pidOf('owner');
    // NS_GET_USERNS (ioctl_ns(2)): which user namespace a namespace belongs to.
    const script = `
import fcntl, os, sys
own = os.stat(f'/proc/{sys.argv[1]}/ns/user').st_ino
for name in ['cgroup', 'ipc', 'mnt', 'net', 'pid', 'uts']:
    fd = os.open(f'/proc/{sys.argv[1]}/ns/{name}', os.O_RDONLY)
    print(name, os.fstat(fcntl.ioctl(fd, 0xb701)).st_ino == own)`;
    const { stdout } = await execa('python3', ['-c', script, String(pid)]);
    expect(stdout).toBe('cgroup True\nipc True\nmnt True\nnet True\npid True\nuts True');
    await store.ok(['rm', '-f', 'owner']);
  });

  it('cannot act on another container, even where it sees its processes', async () => {
    await ready(store, ['--name', 'one', ...AUTO]);
    await ready(store, ['--name', 'two', ...AUTO]);
    const [one, two] = [await pidOf('one'), await pidOf('two')];
    const range = async (name: string) =>
      Number((await inspect(name, '{{index .HostConfig.IDMappings.UidMap 0}}')).split(':')[1]);
    expect(Math.abs((await range('one')) - (await range('two')))).toBeGreaterThanOrEqual(65_536);
    // In its user namespace as its root with all capabilities there, but among the processes of the host.
    const enter = (target: number, ...command: string[]) =>
      execa('nsenter', [`--user=/proc/${target}/ns/user`, '--setuid', '0', '--setgid', '0', '--', ...command], {
        reject: false,
      });
    for (const victim of [two, process.pid, 1]) {
      expect((await enter(one, 'kill', '-TERM', String(victim))).stderr).toMatch(/not permitted/);
      expect((await enter(one, 'cat', `/proc/${victim}/environ`)).stderr).toMatch(/Permission denied/);
      expect((await enter(one, 'ls', `/proc/${victim}/root/`)).stderr).toMatch(/Permission denied/);
    }
    expect((await enter(one, 'kill', '-0', String(one))).exitCode).toBe(0);
    await store.ok(['rm', '-f', 'one', 'two']);
  });

  it('cannot undo what covers or guards the host’s and the kernel’s files', async () => {
    const script = `
      for f in /proc/kcore /proc/keys /proc/timer_list; do test -e $f && head -c1 $f | wc -c; done
      umount /proc/keys 2>&1 | grep -c . ; echo 1 2> /dev/null > /proc/sysrq-trigger || echo sysrq
      echo 1 2> /dev/null > /proc/sys/kernel/panic || echo sysctl
      cat /proc/1/uid_map | wc -l; mount -t tmpfs x /mnt 2> /dev/null || echo mount
      unshare -r true 2> /dev/null || echo unshare`;
    expect(await shell(script)).toMatch(/^(0\n)+1\nsysrq\nsysctl\n1\nmount\nunshare\n$/);
  });

  it('sees nothing of the host’s mounts', async () => {
    const mounts = await shell('cut -d" " -f5 /proc/self/mountinfo');
    expect(mounts.split('\n').filter((line) => line !== '' && !/^\/($|proc|dev|sys|etc\/)/.test(line))).toEqual([]);
    expect(await shell('ls / | tr "\\n" " "')).not.toMatch(/home.*work/);
  });

  it('runs setuid programs and file capabilities of its image in its own namespace alone', async () => {
    const script = `
      cp /bin/cat /tmp/cat && chmod u+s /tmp/cat && cp /bin/cat /tmp/capable && setcap cap_dac_override+ep /tmp/capable
      echo secret > /root/file && chmod 600 /root/file && chmod 711 /root
      su -s /bin/sh nobody -c "/tmp/cat /root/file; /tmp/capable /root/file; cat /root/file 2>/dev/null || echo no; getcap /tmp/capable"`;
    expect(await shell(script)).toBe('secret\nsecret\nno\n/tmp/capable cap_dac_override=ep\n');
    const bound = `cp /bin/id /h/id && chmod u+s /h/id && stat -c %u:%a /h/id`;
    const open = join(store.folder, 'shared');
    mkdirSync(open);
    chmodSync(open, 0o777);
    expect(await shell(bound, '-v', `${open}:/h`)).toBe('0:4755\n');
    // On the host it is the container's, not root's.
    const { stdout } = await execa('stat', ['-c', '%u', join(open, 'id')]);
    expect(Number(stdout)).toBeGreaterThan(65_535);
  });
});

describe('a launch that fails half-way', () => {
  it('leaves no process, mount or container', async () => {
    const before = (await execa('sh', ['-c', 'ls -d /proc/[0-9]*/ns/user | wc -l; cat /proc/self/mountinfo'])).stdout
      .split('\n')
      .slice(1);
    // Inside the user namespace: a directory on a file. Outside of it: a filesystem without idmapped mounts.
    expectFailure(
      await store.rcx(['run', '--rm', ...AUTO, '-v', `${folder}:/etc/passwd`, 'ubuntu', 'true']),
      125,
      /directory can only be mounted on a directory/,
    );
    expectFailure(
      await store.rcx(['run', '--rm', ...AUTO, '-v', '/proc/sys:/mnt:idmap', 'ubuntu', 'true']),
      125,
      /shift the owners of a host path: .*\/proc\/sys.*no idmapped mounts/,
    );
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect(processesUsing(store.root)).toEqual([]);
    const after = (await execa('cat', ['/proc/self/mountinfo'])).stdout.split('\n');
    expect(after.filter((line) => line.includes(store.folder))).toEqual(
      before.filter((line) => line.includes(store.folder)),
    );
  });

  it('is refused before anything is made where the store has no idmapped mounts', async () => {
    // ramfs has none, as fuse and nfs, and is there on every kernel.
    const own = join(store.folder, 'ramfs');
    mkdirSync(own);
    const script = `mount -t ramfs none ${own} && mkdir ${own}/rootfs && exec "$0" run --rm --rootfs --userns auto ${own}/rootfs true`;
    const result = await execa('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script, RCX_BIN], {
      env: store.env,
      reject: false,
    });
    expect(result.stderr).toMatch(/shift the owners.*ramfs.*no idmapped mounts/);
    expect(result.exitCode).toBe(125);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('is refused where the machine allows no user namespaces', async () => {
    const script = 'echo 0 > /proc/sys/user/max_user_namespaces && exec "$@"';
    // The limit counts in each user namespace by itself: that of the test is its own.
    const result = await execa(
      'unshare',
      ['--user', '--map-root-user', 'sh', '-c', script, 'sh', RCX_BIN, 'run', '--rm', ...AUTO, 'ubuntu', 'true'],
      { env: store.env, reject: false },
    );
    expect(result.exitCode).toBe(125);
    expect(result.stderr).toMatch(/make a user namespace.*max_user_namespaces/);
  });
});
