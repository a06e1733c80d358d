import { realpathSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Finding } from '../../ts/doctor/finding.ts';
import { INSTALLED_BIN } from '../support/installedBin.ts';
import { makeWorld, type NetworkWorld } from '../support/networks.ts';
import { RCX_BIN } from '../support/rcxBin.ts';

let world: NetworkWorld;
beforeAll(async () => {
  world = await makeWorld();
});
afterAll(() => world.close());

/** Has a shell in a container run `script` with the machine's files, an rcx among them, whose store nobody else uses. */
function nested(flags: string[], script: string) {
  const store = join(world.store.folder, 'nested');
  const env = {
    PATH: process.env.PATH,
    HOME: '/root',
    NO_COLOR: '1',
    RCX_ROOT: `${store}/root`,
    RCX_RUN: `${store}/run`,
  };
  const words = Object.entries(env).map(([name, value]) => `${name}=${value}`);
  const mounts = 'for each in proc sys dev; do mount --rbind /$each /host/$each || exit; done';
  const inner = ['chroot', '/host', 'env', '-i', ...words, 'sh', '-c', script, RCX_BIN];
  const command = ['sh', '-c', `${mounts}; exec "$@"`, 'sh', ...inner];
  return world.store.rcx(['run', '--rm', '--name', 'outer', ...flags, '-v', '/:/host', 'ubuntu', ...command]);
}

describe('rcx in a container', () => {
  it('runs containers, on a network that leads through that of the outer one', async () => {
    const end = await world.outside.serve(80);
    const script = `
      "$0" image from-host -q -t inner bash socat ls &&
      "$0" run --rm --network bridge inner ls /sys/class/net &&
      "$0" run --rm --network bridge inner bash -c 'socat -T3 - TCP:192.0.2.2:80'`;
    const { exitCode, stdout, stderr } = await nested(['--privileged'], script);
    end();
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    expect(stdout.split('\n').slice(1)).toEqual(['eth0', 'lo', 'from 192.0.2.1', '']);
  });

  it('is told by doctor what the outer one lacks', async () => {
    const flags = [
      '--cap-add',
      'SYS_ADMIN',
      '--security-opt',
      'seccomp=unconfined',
      '--security-opt',
      'apparmor=unconfined',
    ];
    const { exitCode, stdout } = await nested(flags, '"$0" doctor');
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^missing +networks .*EPERM.*\n.*\n.*--cap-add NET_ADMIN or --privileged/m);
  });
});

describe('an ordinary user’s rcx in a container', () => {
  const uid = 1234;
  const ids = { passwd: `someone:x:${uid}:${uid}::/home:/bin/sh\n`, subuid: 'someone:100000:65536\n' };

  /** With the machine's programs, setuid ones among them, a home on a tmpfs, and subordinate ids. */
  async function doctor(flags: string[]) {
    const files = { ...ids, subgid: ids.subuid };
    const binds = Object.entries(files).flatMap(([name, text]) => {
      const path = join(world.store.folder, name);
      writeFileSync(path, text);
      return ['-v', `${path}:/etc/${name}:ro`];
    });
    const folders = ['/usr', dirname(dirname(process.execPath)), join(realpathSync(INSTALLED_BIN), '../..')];
    for (const folder of new Set(folders)) binds.push('-v', `${folder}:${folder}:ro`);
    const env = { PATH: process.env.PATH, HOME: '/home', XDG_RUNTIME_DIR: '/home' };
    const set = Object.entries(env).flatMap(([name, value]) => ['-e', `${name}=${value}`]);
    const user = ['-u', `${uid}:${uid}`, '--tmpfs', '/home:mode=777', '--network', 'none'];
    const command = [process.execPath, INSTALLED_BIN, 'doctor', '--format', 'json'];
    const { stdout, stderr } = await world.store.rcx([
      'run',
      '--rm',
      ...user,
      ...flags,
      ...set,
      ...binds,
      'ubuntu',
      ...command,
    ]);
    if (stdout === '') throw new Error(stderr);
    const findings = JSON.parse(stdout) as Finding[];
    return (name: string) => findings.find((finding) => finding.name === name);
  }

  const open = ['--security-opt', 'seccomp=unconfined', '--security-opt', 'apparmor=unconfined'];
  it.each([
    ['the filter', [], /^start the outer container, whose filter forbids it, .*seccomp=unconfined$/],
    ['setuid programs', open, /chmod u-s \/usr\/bin\/newuidmap && setcap cap_setuid\+ep \/usr\/bin\/newuidmap$/],
    ['no_new_privs', [...open, '--security-opt', 'no-new-privileges'], /^no_new_privs .* allowPrivilegeEscalation$/],
  ])('is told by doctor that %s keeps him from it', async (_, flags, fix) => {
    expect((await doctor(flags))('privilege')).toMatchObject({ status: 'missing', fix: expect.stringMatching(fix) });
  });

  it('runs containers where none of these is in the way', async () => {
    const of = await doctor(['--privileged']);
    expect(of('subordinate ids')).toMatchObject({ status: 'ok' });
    expect(of('a container')).toMatchObject({ status: 'ok' });
  });
});
