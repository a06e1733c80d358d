import { existsSync, rmSync, writeFileSync } from 'node:fs';
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

/** How many message queues there are, and what is in `/dev/shm`. */
const LOOK = 'ipcs -q | grep -c ^0x; ls /dev/shm 2>&1';
/** Makes one of each, and goes on. */
const SHARE = 'ipcmk -Q >/dev/null; echo hello > /dev/shm/mine; echo ready; exec sleep 100';

describe('--ipc', () => {
  it('private, the default, is nobody else’s', async () => {
    const id = await ready(store, [], SHARE);
    expect(await shell(LOOK)).toBe('0\n');
    const outcome = await store.rcx(['run', '--ipc', `container:${id}`, 'ubuntu', 'true']);
    expectFailure(outcome, 125, /not shareable; make that container with --ipc shareable/);
    expect(await store.ok(['inspect', '-f', '{{.HostConfig.IpcMode}}', id])).toBe('private\n');
  });

  it('container:NAME is that of a container which is shareable, with its /dev/shm', async () => {
    const id = await ready(store, ['--ipc', 'shareable', '--name', 'donor', '--shm-size', '1m'], SHARE);
    const script = `${LOOK}; echo more >> /dev/shm/mine; findmnt -no OPTIONS /dev/shm; stat -c %a /dev/shm`;
    expect(await shell(script, '--ipc', 'container:donor')).toBe(
      '1\nmine\nrw,nosuid,nodev,noexec,relatime,size=1024k\n1777\n',
    );
    expect(await store.ok(['exec', id, 'cat', '/dev/shm/mine'])).toBe('hello\nmore\n');
    // Through two of them, read-only, and for programs that are run in it later.
    const other = await ready(store, ['--ipc', `container:${id.slice(0, 12)}`], 'echo ready; exec sleep 100');
    expect(await store.ok(['inspect', '-f', '{{.HostConfig.IpcMode}} {{json .Mounts}}', other])).toBe(
      `container:${id} []\n`,
    );
    expect(await shell(LOOK, '--ipc', `container:${other}`, '--read-only')).toBe('1\nmine\n');
    expect(await store.ok(['exec', other, 'bash', '-c', LOOK])).toBe('1\nmine\n');
    // A mount of the user's own goes over it.
    expect(await shell(LOOK, '--ipc', 'container:donor', '--tmpfs', '/dev/shm')).toBe('1\n');
  });

  it('container:NAME of one whose root was changed by chroot is the same', async () => {
    await ready(store, ['--ipc', 'shareable', '--name', 'donor', '--no-pivot'], SHARE);
    expect(await shell(LOOK, '--ipc', 'container:donor', '--no-pivot')).toBe('1\nmine\n');
  });

  it('container:NAME is found anew at each start', async () => {
    const id = await ready(store, ['--ipc', 'shareable'], SHARE);
    const other = (await store.ok(['create', '--ipc', `container:${id}`, 'ubuntu', 'bash', '-c', LOOK])).trim();
    expect(await store.ok(['start', '-a', other])).toBe('1\nmine\n');
    await store.ok(['stop', '-t', '0', id]);
    const stopped = await store.rcx(['start', '-a', other]);
    expect(stopped).toMatchObject({
      exitCode: 1,
      stdout: '',
      stderr: expect.stringMatching(/it is not running: \S+; start it with/),
    });
    await store.ok(['start', id]);
    await expect.poll(() => store.ok(['start', '-a', other])).toBe('1\nmine\n');
    await store.ok(['rm', '-f', id]);
    expect((await store.rcx(['start', '-a', other])).stderr).toMatch(/it was removed/);
  });

  it('host is the host’s', async () => {
    const path = '/dev/shm/rcx-test-ipc';
    writeFileSync(path, 'host\n');
    try {
      expect(await shell(`cat ${path}; readlink /proc/self/ns/ipc`, '--ipc', 'host')).toMatch(/^host\nipc:\[\d+\]\n$/);
      expect(await shell(`rm ${path}`, '--ipc=host')).toBe('');
      expect(existsSync(path)).toBe(false);
    } finally {
      rmSync(path, { force: true });
    }
  });

  it('none has no /dev/shm', async () => {
    expect(await shell('test -e /dev/shm || echo none', '--ipc', 'none')).toBe('none\n');
  });

  it.each([
    ['foo', /--ipc/],
    ['container:there-is-none', /there-is-none/],
  ])('%s is refused before anything is made', async (mode, message) => {
    expectFailure(await store.rcx(['run', '--ipc', mode, 'ubuntu', 'true']), 125, message);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });
});
