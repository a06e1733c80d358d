import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { availableCapabilities } from '../../ts/container/security/capabilities.ts';
import { ALL_CAPABILITIES } from '../../ts/container/spec/defaults.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { removeAll } from '../support/life.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

const run = (flags: string[], ...words: string[]) => store.ok(['run', '--rm', ...flags, 'ubuntu', ...words]);
const shell = (script: string, ...flags: string[]) => run(flags, 'bash', '-c', script);
const mask = (names: readonly string[]) =>
  names.reduce((bits, name) => bits | (1n << BigInt(ALL_CAPABILITIES.indexOf(name))), 0n);

/** What the kernel says of a process: capability sets as numbers. */
function statusOf(text: string) {
  const field = (name: string) => new RegExp(`^${name}:\\s*(\\S+)$`, 'm').exec(text)?.[1] ?? '';
  const set = (name: string) => BigInt(`0x${field(name)}`);
  return {
    effective: set('CapEff'),
    bounding: set('CapBnd'),
    inheritable: set('CapInh'),
    ambient: set('CapAmb'),
    seccomp: field('Seccomp'),
    noNewPrivs: field('NoNewPrivs'),
  };
}
const status = async (...flags: string[]) => statusOf(await run(flags, 'cat', '/proc/self/status'));

const DEFAULT = 0xa80425fbn;
const [KILL, NET_ADMIN, SYS_ADMIN] = [1n << 5n, 1n << 12n, 1n << 21n];
/** Everything that rcx can give here. */
const every = () => mask(availableCapabilities());

describe('--cap-add and --cap-drop', () => {
  it.each([
    [['--cap-add', 'net_admin'], () => DEFAULT | NET_ADMIN],
    [['--cap-add=CAP_NET_ADMIN', '--cap-drop', 'Kill'], () => (DEFAULT | NET_ADMIN) & ~KILL],
    [['--cap-drop', 'ALL'], () => 0n],
    [['--cap-drop', 'all', '--cap-add', 'KILL'], () => KILL],
    [['--cap-add', 'ALL'], every],
    [['--cap-add', 'ALL', '--cap-drop', 'SYS_ADMIN', '--cap-drop', 'CAP_KILL'], () => every() & ~SYS_ADMIN & ~KILL],
    [['--cap-add', 'KILL', '--cap-drop', 'KILL'], () => DEFAULT],
  ])('make the sets of the program: %j', async (flags, expected) => {
    const found = await status(...flags);
    expect(found).toMatchObject({ effective: expected(), bounding: expected(), inheritable: 0n, ambient: 0n });
    expect(found.seccomp).toBe('2');
  });

  it('hold for an ordinary user’s bounding set, for PID 1 and for exec', async () => {
    const flags = ['--cap-drop', 'ALL', '--cap-add', 'NET_ADMIN'];
    expect(await status(...flags, '-u', '9999')).toMatchObject({ effective: 0n, bounding: NET_ADMIN });
    await store.ok(['run', '-d', '--name', 'up', '--init', ...flags, 'ubuntu', 'sleep', '1000']);
    const texts = await store.ok(['exec', 'up', 'cat', '/proc/1/status', '/proc/self/status']);
    const [first, own] = texts.split(/(?<=\n)(?=Name:)/).map(statusOf);
    expect(first).toMatchObject({ effective: NET_ADMIN, bounding: NET_ADMIN, seccomp: '2' });
    expect(own).toEqual(first);
    const privileged = statusOf(await store.ok(['exec', '--privileged', 'up', 'cat', '/proc/self/status']));
    expect(privileged).toMatchObject({ effective: every(), seccomp: '0' });
  });

  it('open the filter for what the capability allows', async () => {
    const mount = 'mount -t tmpfs none /mnt && umount /mnt && unshare --mount true && echo done';
    expect(await shell(mount, '--cap-add', 'SYS_ADMIN')).toBe('done\n');
    const without = await store.rcx(['run', '--rm', '--cap-add', 'NET_ADMIN', 'ubuntu', 'bash', '-c', mount]);
    expect(without).toMatchObject({ exitCode: 32, stderr: expect.stringContaining('permission denied') });
    // The capability alone is not enough.
    const closed = ['--cap-drop', 'SYS_CHROOT', 'ubuntu', 'chroot', '/', 'true'];
    expect((await store.rcx(['run', '--rm', ...closed])).stderr).toContain('Operation not permitted');
  });

  it.each([
    [['--cap-add', 'NET_ADMIM'], /--cap-add: unknown capability: "NET_ADMIM"; give ALL or one of CHOWN,/],
    [['--cap-drop', 'CAP_EVERYTHING'], /--cap-drop: unknown capability/],
    [['--cap-add', ''], /--cap-add: unknown capability: ""/],
    [['--security-opt', 'seccmp=unconfined'], /--security-opt: "seccmp=unconfined" is not valid/],
    [['--security-opt', 'seccomp=/no/such'], /read the seccomp profile: \/no\/such: ENOENT/],
    [['--security-opt', 'no-new-privileges:perhaps'], /is not valid/],
    [
      ['--security-opt', 'label=colour:red'],
      /is not valid; there are .* label=user\|role\|type\|level\|filetype:VALUE/,
    ],
  ])('and wrong options are refused before anything is made: %j', async (flags, message) => {
    expectFailure(await store.rcx(['run', ...flags, 'ubuntu', 'true']), 125, message);
    expectFailure(await store.rcx(['run', '--pull', 'always', ...flags, 'no-such-image', 'true']), 125, message);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  const lacking = ALL_CAPABILITIES.find((name) => !availableCapabilities().includes(name));
  it.runIf(lacking)(`refuse what rcx cannot give itself (needs a machine without one; ${lacking})`, async () => {
    const flags = ['--cap-add', String(lacking)];
    expectFailure(await store.rcx(['run', ...flags, 'ubuntu', 'true']), 125, /rcx itself was started without it/);
  });

  it('are shown by inspect', async () => {
    const flags = ['--cap-add', 'net_admin', '--cap-drop', 'KILL', '--security-opt', 'no-new-privileges'];
    await store.ok(['create', '--name', 'made', ...flags, 'ubuntu']);
    await store.ok(['create', '--name', 'plain', 'ubuntu']);
    const shown = async (name: string) => JSON.parse(await store.ok(['inspect', name]))[0].HostConfig;
    expect(await shown('made')).toMatchObject({
      CapAdd: ['CAP_NET_ADMIN'],
      CapDrop: ['CAP_KILL'],
      SecurityOpt: ['no-new-privileges'],
      Privileged: false,
    });
    expect(await shown('plain')).toMatchObject({ CapAdd: null, CapDrop: null, SecurityOpt: null, Privileged: false });
  });
});

describe('--security-opt', () => {
  const noMkdir = {
    defaultAction: 'SCMP_ACT_ALLOW',
    syscalls: [{ names: ['mkdir', 'mkdirat'], action: 'SCMP_ACT_ERRNO', errnoRet: 95 }],
  };
  const profile = (content: unknown) => {
    const path = join(store.folder, 'profile.json');
    writeFileSync(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 2));
    return path;
  };

  it('seccomp=FILE is the filter, which the container keeps', async () => {
    const path = profile(noMkdir);
    await store.ok(['create', '--name', 'made', '--security-opt', `seccomp=${path}`, 'ubuntu', 'mkdir', '/x']);
    rmSync(path);
    const { stderr } = await store.rcx(['start', '-a', 'made']);
    expect(stderr).toContain('Operation not supported');
    const [{ HostConfig }] = JSON.parse(await store.ok(['inspect', 'made']));
    expect(HostConfig.SecurityOpt).toEqual([`seccomp=${JSON.stringify(noMkdir)}`]);
  });

  it('seccomp=FILE holds for exec and health checks, too, and beside --privileged', async () => {
    const path = profile(noMkdir);
    const flags = ['--security-opt', `seccomp=${path}`, '--privileged'];
    await store.ok(['run', '-d', '--name', 'up', ...flags, 'ubuntu', 'sleep', '1000']);
    expect((await store.rcx(['exec', 'up', 'mkdir', '/x'])).stderr).toContain('Operation not supported');
    expect(await store.ok(['exec', '--privileged', 'up', 'mkdir', '/x'])).toBe('');
  });

  it('keeps numbers of 64 bits', async () => {
    const text = `{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":["mkdir"],"action":"SCMP_ACT_ERRNO",
      "args":[{"index":1,"value":18446744073709551615,"op":"SCMP_CMP_EQ"}]}]}`;
    await store.ok(['create', '--name', 'made', '--security-opt', `seccomp=${profile(text)}`, 'ubuntu', 'mkdir', '/x']);
    // A change of the record must not round them.
    await store.ok(['rename', 'made', 'changed']);
    expect(await store.ok(['inspect', '-f', '{{index .HostConfig.SecurityOpt 0}}', 'changed'])).toContain(
      '18446744073709551615',
    );
    expect(await store.ok(['start', '-a', 'changed'])).toBe('');
  });

  it.each([
    ['{', /profile\.json: EOF while parsing an object at line 1 column 1/],
    ['{"defaultAction":"SCMP_ACT_PERHAPS"}', /profile\.json: unknown variant `SCMP_ACT_PERHAPS`.* at line 1 column/],
    [{ ...noMkdir, sycalls: [] }, /profile\.json: unknown field `sycalls`/],
    [{ ...noMkdir, syscalls: [{ names: ['read'], action: 'SCMP_ACT_NOTIFY' }] }, /syscalls\[0\]\.action: .*NOTIFY/],
    ['', /profile\.json: EOF while parsing/],
  ])('refuses a profile that is none, naming file and place: %j', async (content, message) => {
    const flags = ['--security-opt', `seccomp=${profile(content)}`];
    expectFailure(await store.rcx(['run', ...flags, 'ubuntu', 'true']), 125, message);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('seccomp=unconfined leaves the filter out, builtin puts it in', async () => {
    expect(await status('--security-opt', 'seccomp=unconfined')).toMatchObject({ seccomp: '0', effective: DEFAULT });
    expect(await status('--security-opt', 'seccomp=builtin')).toMatchObject({ seccomp: '2' });
  });

  it('no-new-privileges has setuid files change nothing', async () => {
    const script =
      'cp /usr/bin/id /usr/bin/rootid && chmod u+s /usr/bin/rootid && exec setpriv --reuid 9999 --clear-groups rootid -u';
    expect(await shell(script)).toBe('0\n');
    const flags = ['--security-opt', 'no-new-privileges'];
    expect(await shell(script, ...flags)).toBe('9999\n');
    expect(await status(...flags)).toMatchObject({ noNewPrivs: '1', seccomp: '2', effective: DEFAULT });
    expect(await status('--security-opt', 'no-new-privileges=false')).toMatchObject({ noNewPrivs: '0' });
  });

  it('with no-new-privileges a filter need not allow what rcx does before it', async () => {
    const program = ['execve', 'brk', 'mmap', 'munmap', 'mprotect', 'access', 'faccessat', 'openat', 'read', 'pread64'];
    const more = [
      'close',
      'fstat',
      'newfstatat',
      'arch_prctl',
      'set_tid_address',
      'set_robust_list',
      'rseq',
      'prlimit64',
    ];
    const last = ['getrandom', 'fcntl', 'lseek', 'ioctl', 'write', 'exit_group', 'futex'];
    // Between the filter and the program: signals, and the program's death with its parent.
    const rcx = ['prctl', 'poll', 'ppoll', 'rt_sigprocmask', 'rt_sigaction'];
    const names = [...program, ...more, ...last, ...rcx];
    const path = profile({ defaultAction: 'SCMP_ACT_ERRNO', syscalls: [{ names, action: 'SCMP_ACT_ALLOW' }] });
    const flags = ['--security-opt', `seccomp=${path}`];
    expect(await run([...flags, '--security-opt', 'no-new-privileges'], 'echo', 'few')).toBe('few\n');
    expectFailure(await store.rcx(['run', '--rm', ...flags, 'ubuntu', 'echo']), 125, /set the supplementary groups/);
  });

  it('systempaths=unconfined shows and opens the kernel’s paths', async () => {
    const script = 'grep -c " /proc/[a-z]" /proc/mounts; test -w /proc/sys/vm/swappiness && echo open || echo closed';
    expect(await shell(script)).toMatch(/^[1-9]\d*\nclosed\n$/);
    expect(await shell(script, '--security-opt', 'systempaths=unconfined')).toBe('0\nopen\n');
  });
});

describe('--privileged', () => {
  it('has all capabilities and no filter', async () => {
    expect(await status('--privileged')).toMatchObject({ effective: every(), bounding: every(), seccomp: '0' });
  });

  it('has the devices of the host, and may use them', async () => {
    const devices = ['/dev/kmsg', '/dev/loop-control', '/dev/net/tun', '/dev/vda', '/dev/sda'].filter((path) =>
      existsSync(path),
    );
    expect(devices).not.toEqual([]);
    const stat = `stat -c '%n %F %t:%T %a %u:%g' ${devices.join(' ')}`;
    expect(await shell(stat, '--privileged')).toBe(`${(await execa('bash', ['-c', stat])).stdout}\n`);
    expect(
      await shell('mknod /tmp/null c 1 3; mknod /tmp/loop c 10 237 && (: < /tmp/loop) && echo opened', '--privileged'),
    ).toBe('opened\n');
    // Its own few are as always.
    expect(
      await shell('readlink /dev/ptmx; stat -c %t:%T /dev/null; test -e /dev/console || echo none', '--privileged'),
    ).toBe('pts/ptmx\n1:3\nnone\n');
  });

  it('leaves what the user binds below /dev as it is', async () => {
    const before = await execa('ls', ['-A', '/dev']);
    const flags = ['--privileged', '-v', '/dev/net:/dev/net'];
    if (existsSync('/dev/net'))
      expect(await shell('ls /dev/net; test -c /dev/kmsg && echo kmsg', ...flags)).toMatch(/kmsg\n$/);
    const whole = 'test -c /dev/null && stat -fc %T /dev && ls /dev | wc -l';
    const count = (await execa('bash', ['-c', whole])).stdout;
    expect(await shell(whole, '--privileged', '-v', '/dev:/dev')).toBe(`${count}\n`);
    // Not a node more on the host.
    expect((await execa('ls', ['-A', '/dev'])).stdout).toBe(before.stdout);
  });

  it('has the kernel’s filesystems to write to, and nothing hidden', async () => {
    const script =
      'grep -E " /(proc|sys)[ /]" /proc/mounts | grep -E "[ ,]ro[ ,]"; test -w /sys/kernel/mm && echo rw; mkdir /sys/fs/cgroup/*/in 2>/dev/null | head -1';
    expect(await shell(script, '--privileged')).toBe('rw\n');
    const masked = 'grep -cE "^(tmpfs|devtmpfs|udev|none) /(proc|sys)/[a-z_]+( |/firmware)" /proc/mounts';
    expect((await store.rcx(['run', '--rm', '--privileged', 'ubuntu', 'bash', '-c', masked])).stdout).toBe('0\n');
  });

  it('is shown by inspect as by docker, without mounts that nobody asked for', async () => {
    await store.ok(['create', '--name', 'made', '--privileged', 'ubuntu']);
    const [{ HostConfig, Mounts }] = JSON.parse(await store.ok(['inspect', 'made']));
    expect(HostConfig).toMatchObject({
      Privileged: true,
      SecurityOpt: ['label=disable'],
      MaskedPaths: [],
      ReadonlyPaths: [],
    });
    expect(Mounts).toEqual([]);
  });

  it('runs with --init, a terminal’s devices and another root', async () => {
    expect(
      await shell('cat /proc/1/comm; grep ^Seccomp: /proc/1/status', '--privileged', '--init', '--no-pivot'),
    ).toMatch(/\nSeccomp:\t0\n$/);
  });
});
