import { existsSync, mkdirSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const shell = (script: string, ...flags: string[]) =>
  store.ok(['run', '--rm', ...flags, 'ubuntu', 'bash', '-c', script]);

/** Makes a device and reads from it. */
const open = (kind: string, numbers: string) =>
  `rm -f /tmp/d; mknod /tmp/d ${kind} ${numbers} && head -c1 /tmp/d 2>&1 >/dev/null | sed "s/.*: //"`;

describe('devices', () => {
  it('are Docker’s few', async () => {
    expect((await shell('ls -A /dev')).split('\n').filter((name) => name !== '')).toEqual([
      // A link to what not every kernel has.
      ...(existsSync('/proc/kcore') ? ['core'] : []),
      ...['fd', 'full', 'mqueue', 'null', 'ptmx', 'pts', 'random', 'shm', 'stderr', 'stdin', 'stdout', 'tty'],
      ...['urandom', 'zero'],
    ]);
    expect(await shell('stat -c "%n %a %u:%g %t:%T" /dev/{null,zero,full,random,urandom,tty}')).toBe(
      '/dev/null 666 0:0 1:3\n/dev/zero 666 0:0 1:5\n/dev/full 666 0:0 1:7\n' +
        '/dev/random 666 0:0 1:8\n/dev/urandom 666 0:0 1:9\n/dev/tty 666 0:0 5:0\n',
    );
  });

  it('work', async () => {
    const script =
      'head -c3 /dev/zero | od -An -tx1; head -c8 /dev/urandom | wc -c; echo x > /dev/null; echo x 2>&1 > /dev/full';
    expect((await store.rcx(['run', '--rm', 'ubuntu', 'bash', '-c', script])).stdout).toMatch(/^ 00 00 00\n8\n/);
  });

  const disk = ['/dev/vda', '/dev/sda', '/dev/nvme0n1', '/dev/loop0'].find((path) => existsSync(path)) ?? '/dev/loop0';
  const { rdev } = statSync(disk, { throwIfNoEntry: false }) ?? { rdev: 7 << 8 };

  it.each([
    [`a disk of the host (${disk})`, 'b', `${rdev >> 8} ${rdev & 0xff}`],
    ['the memory of the machine', 'c', '1 1'],
    ['the kernel’s log', 'c', '1 11'],
    ['the loop control', 'c', '10 237'],
    ['FUSE', 'c', '10 229'],
    ['another terminal of the host', 'c', '4 0'],
  ])('that are the host’s can be made and not opened: %s', async (_, kind, numbers) => {
    expect(await shell(open(kind, numbers))).toBe('Operation not permitted\n');
    expect(await shell(open(kind, numbers), '--no-pivot', '--init')).toBe('Operation not permitted\n');
  });

  it('that come with the image are subject to the same', async () => {
    const script = 'head -c1 /data/device | wc -c; head -c1 /data/block';
    const args = ['run', '--rm', '-u', '0', '--entrypoint', 'sh', 'layered', '-c', script];
    expect(await store.rcx(args)).toMatchObject({ stdout: '0\n', stderr: expect.stringContaining('not permitted') });
  });

  it('that are bound in are, too', async () => {
    const flags = ['-v', `${disk}:/disk`];
    if (!existsSync(disk)) return;
    const { stderr } = await store.rcx(['run', '--rm', ...flags, 'ubuntu', 'head', '-c1', '/disk']);
    expect(stderr).toContain('Operation not permitted');
  });

  it('that were given for reading are not for writing, through any node', async () => {
    const flags = ['--device', `${disk}:/dev/given:r`];
    if (!existsSync(disk)) return;
    const write = (path: string) => `(exec 3>>${path}) 2>&1 | sed "s/.*: //"`;
    const again = `mknod /tmp/again b ${rdev >> 8} ${rdev & 0xff}`;
    expect(await shell(`${write('/dev/given')}; ${again}; ${write('/tmp/again')}`, ...flags)).toBe(
      'Operation not permitted\nOperation not permitted\n',
    );
    // Another one of the same driver is not meant.
    const other = open('b', `${rdev >> 8} ${(rdev & 0xff) + 64}`);
    expect(await shell(other, ...flags)).toBe('Operation not permitted\n');
  });

  it('are not made where a link of the image leads out of its root', async () => {
    const root = join(store.folder, 'hostile');
    mkdirSync(join(root, 'tmp'), { recursive: true });
    symlinkSync('../../../../../../../../tmp', join(root, 'srv'));
    const outcome = await store.rcx(['run', '--rm', '--device', '/dev/null:/srv/escaped', '--rootfs', root, '/none']);
    expect(outcome.exitCode).toBe(127);
    expect(existsSync('/tmp/escaped')).toBe(false);
    expect(existsSync(join(root, 'tmp/escaped'))).toBe(true);
  });
});
