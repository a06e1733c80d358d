import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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
