import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const shell = (script: string, ...flags: string[]) =>
  store.ok(['run', '--rm', ...flags, 'ubuntu', 'bash', '-c', script]);

/** KiB that a file system has. */
const size = (path: string) => `df --output=size ${path} | tail -1`;

describe('--shm-size', () => {
  it('is the size of /dev/shm, 64 MiB by default', async () => {
    expect((await shell(size('/dev/shm'))).trim()).toBe('65536');
    expect((await shell(size('/dev/shm'), '--shm-size', '1m')).trim()).toBe('1024');
    expect((await shell(size('/dev/shm'), '--shm-size=0')).trim()).toBe('65536');
    expect(await shell('stat -c %a /dev/shm; findmnt -no OPTIONS /dev/shm', '--shm-size=1m')).toMatch(
      /^1777\nrw,nosuid,nodev,noexec,relatime,size=1024k/,
    );
  });

  it('is shown by inspect, and is no mount of the user’s', async () => {
    const id = (await store.ok(['create', '--shm-size', '2g', 'ubuntu', 'true'])).trim();
    const [{ HostConfig, Mounts }] = JSON.parse(await store.ok(['inspect', id]));
    expect(HostConfig.ShmSize).toBe(2 * 1024 ** 3);
    expect(Mounts).toEqual([]);
  });

  it.each(['-5', 'much'])('%s is refused', async (text) => {
    expectFailure(await store.rcx(['run', `--shm-size=${text}`, 'ubuntu', 'true']), 125, /--shm-size/);
  });
});

describe('--tmpfs', () => {
  it('has the options of tmpfs, and of the mount', async () => {
    const script = 'findmnt -no OPTIONS /x; stat -c "%a %u:%g" /x';
    expect(await shell(script, '--tmpfs', '/x:size=1m,mode=700,uid=5,gid=6,exec')).toMatch(
      /^rw,nosuid,nodev,relatime,size=1024k,mode=700,uid=5,gid=6\S*\n700 5:6\n$/,
    );
    expect(await shell(script, '--tmpfs', '/x')).toMatch(/^rw,nosuid,nodev,noexec,relatime\S*\n1777 0:0\n$/);
    expect(await shell('touch /x/a 2>&1; true', '--tmpfs', '/x:ro')).toMatch(/Read-only file system/);
  });

  it('with an option that there is not is refused', async () => {
    const outcome = await store.rcx(['run', '--tmpfs', '/x:foo=1', 'ubuntu', 'true']);
    expectFailure(outcome, 125, /invalid tmpfs option foo=1/);
  });
});

describe('--read-only', () => {
  it('protects what it protects with Docker', async () => {
    const paths = '/x /tmp/x /etc/hosts /etc/hostname /etc/resolv.conf /sys/x /proc/x /dev/x /dev/shm/x /mine/x';
    const script = `for path in ${paths}; do (echo >> $path) 2>/dev/null && echo $path; done; true`;
    expect(await shell(script, '--read-only', '--tmpfs', '/mine')).toBe('/dev/x\n/dev/shm/x\n/mine/x\n');
    expect(await shell(script, '--tmpfs', '/mine')).toBe(
      '/x\n/tmp/x\n/etc/hosts\n/etc/hostname\n/etc/resolv.conf\n/dev/x\n/dev/shm/x\n/mine/x\n',
    );
  });
});
