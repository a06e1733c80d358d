import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { MountSpace } from '../support/mounts.ts';
import { RCX_BIN } from '../support/rcxBin.ts';
import { readTree } from '../support/tree.ts';

let store: Store;
let space: MountSpace;
beforeAll(async () => {
  // Pulled, not linked: nothing else may hold the layers.
  store = await newStore();
  await store.ok(['pull', '-q', 'layered']);
  await store.ok(['pull', '-q', 'ubuntu']);
  space = await MountSpace.open();
});
afterAll(async () => {
  await space.close();
  await store.close();
});

/** Runs rcx in the mount namespace of this test, in which all mounts are shared. */
function rcx(...args: string[]) {
  const [program, enter] = space.enter([RCX_BIN, ...args]);
  return execa(program, enter, { env: store.env, extendEnv: false, reject: false, input: '' });
}

describe('the host’s mount table', () => {
  it.each([
    ['a plain run', ['--rm', 'ubuntu', 'true'], 0],
    ['one that is kept', ['ubuntu', 'true'], 0],
    [
      'one with volumes',
      ['--rm', '-v', '/etc:/mnt/etc:ro', '-v', '/etc/passwd:/x', '--tmpfs', '/t', 'ubuntu', 'true'],
      0,
    ],
    [
      'volumes, one of which is filled, and a part of an image',
      [
        ...['--rm', '-v', 'filled:/etc/skel', '-v', '/unnamed', '--no-pivot'],
        ...['--mount', 'type=image,source=layered,target=/i,image-subpath=etc', 'ubuntu', 'true'],
      ],
      0,
    ],
    [
      'a shared volume',
      ['--rm', '--mount', 'type=bind,source=/etc,target=/x,bind-propagation=rshared', 'ubuntu', 'true'],
      0,
    ],
    ['the host’s network', ['--rm', '--network', 'host', 'ubuntu', 'true'], 0],
    ['a root that was not pivoted', ['--rm', '--no-pivot', 'ubuntu', 'true'], 0],
    ['a program that does not exist', ['--rm', 'ubuntu', 'no-such-program'], 127],
    ['a mount that fails', ['--rm', '-v', '/etc:/etc/passwd', 'ubuntu', 'true'], 125],
    ['a user that does not exist', ['--rm', '-u', 'nobody-here', 'ubuntu', 'true'], 125],
  ])('is the same before and after %s', async (_, args, exitCode) => {
    const before = await space.table();
    expect(before.some((line) => / shared:/.test(line))).toBe(true);
    expect(await rcx('run', ...args)).toMatchObject({ exitCode });
    expect(await space.table()).toEqual(before);
  });

  it('is the same before and after a root file system of one’s own', async () => {
    const rootfs = join(store.folder, 'rootfs');
    mkdirSync(rootfs);
    const before = await space.table();
    expect(await rcx('run', '--rm', '--rootfs', rootfs, '/bin/true')).toMatchObject({ exitCode: 127 });
    expect(await space.table()).toEqual(before);
  });

  it('shows nothing of a container while it runs', async () => {
    const before = await space.table();
    const running = rcx('run', '--rm', '--init', '-v', '/etc:/mnt', 'ubuntu', 'sh', '-c', 'echo ready; exec sleep 60');
    await new Promise((resolve) => running.stdout.once('data', resolve));
    expect(await space.table()).toEqual(before);
    running.kill('SIGTERM');
    await running;
    expect(await space.table()).toEqual(before);
  });

  it('is what a container’s mounts are a copy of only where it was asked for them', async () => {
    const { stdout } = await rcx('run', '--rm', 'ubuntu', 'cat', '/proc/self/mountinfo');
    const points = stdout.split('\n').map((line) => line.split(' ')[4]);
    const own = /^\/(proc|dev|sys|etc\/(hosts|hostname|resolv\.conf))?(\/|$)/;
    expect(points.filter((point) => !own.test(point ?? ''))).toEqual([]);
    expect(stdout).not.toMatch(/ (shared|master):/);
  });
});

describe('the image’s layers', () => {
  it('are what they were, whatever a container deletes, rewrites and adds', async () => {
    const layers = join(store.root, 'layers');
    const before = readTree(layers);
    const script = `set -e
      rm -r /data /usr/share/perl5 /etc/apt; mv /opt /opt2; mkdir /data; echo new > /data/hard-a
      echo changed >> /etc/passwd; chmod 0 /etc/shadow; chown 7:7 /bin; touch -d 2001-01-01 /usr/bin/env
      ln -f /etc/group /etc/group2; setfattr -n user.x -v y /srv/motd; : > /etc/os-release; cp /bin/true /bin/false
      find /var/lib/dpkg -type f -exec sh -c 'echo x >> "$1"' sh {} \\;`;
    const run = await rcx('run', '--name', 'busy', '-u', '0', '--entrypoint', 'sh', 'layered', '-c', script);
    expect(run).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await store.ok(['run', '--rm', '--entrypoint', 'cat', 'layered', '/data/hard-a'])).toBe('linked\n');
    await store.ok(['rm', 'busy']);
    expect(readTree(layers)).toEqual(before);
  });
});

describe('the caller’s umask', () => {
  it('is not what files in the container depend on', async () => {
    const script = 'umask; stat -c "%a %n" / /etc /etc/hosts /etc/hostname /etc/resolv.conf /dev/null /srv/motd';
    const args = ['run', '--rm', '--entrypoint', 'sh', 'layered', '-c', script];
    const usual = await store.ok(args);
    const [program, enter] = ['sh', ['-c', 'umask 0077; exec "$@"', 'sh', RCX_BIN]];
    const strict = await newStore();
    const options = { env: strict.env, extendEnv: false };
    await execa(program, [...enter, 'pull', '-q', 'layered'], options);
    const { stdout } = await execa(program, [...enter, ...args], options);
    expect(`${stdout}\n`).toBe(usual);
    await strict.close();
  });
});

describe('closed standard streams', () => {
  it('are no reason not to run', async () => {
    const file = join(store.folder, 'out');
    const line = `"${RCX_BIN}" run --rm ubuntu echo ran <&- > ${file} 2>&-; cat ${file}`;
    expect(await execa('sh', ['-c', line], { env: store.env, extendEnv: false })).toMatchObject({ stdout: 'ran' });
  });
});
