import { existsSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
let host: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  host = join(store.folder, 'host');
  mkdirSync(host);
  writeFileSync(join(host, 'file'), 'of the host\n');
});
afterAll(() => store.close());

const shell = (flags: string[], script: string) => store.ok(['run', '--rm', ...flags, 'ubuntu', 'sh', '-c', script]);

describe('-v', () => {
  it('shows a host directory in the container, for reading and writing', async () => {
    expect(await shell(['-v', `${host}:/mnt/here`], 'cat /mnt/here/file; echo back > /mnt/here/new')).toBe(
      'of the host\n',
    );
    expect(readFileSync(join(host, 'new'), 'utf8')).toBe('back\n');
  });

  it('shows a single file, whose target is made', async () => {
    expect(await shell(['-v', `${host}/file:/deep/er/file`], 'cat /deep/er/file; ls /deep/er')).toBe(
      'of the host\nfile\n',
    );
  });

  it('covers a file of the image', async () => {
    expect(await shell(['-v', `${host}/file:/etc/hostname`], 'cat /etc/hostname')).toBe('of the host\n');
  });

  it('is read-only with :ro, mounts below included', async () => {
    const script = 'for f in new file; do echo x 2>/dev/null > /mnt/$f && echo wrote $f; done; cat /mnt/file';
    expect(await shell(['-v', `${host}:/mnt:ro`], script)).toBe('of the host\n');
  });

  it('takes a target in any form', async () => {
    expect(await shell(['-v', `${host}:/usr/../mnt//here/`], 'cat /mnt/here/file')).toBe('of the host\n');
  });

  it('takes relative paths from the working directory', async () => {
    const output = await store.ok(['run', '--rm', '-v', './host:/mnt', 'ubuntu', 'cat', '/mnt/file'], {
      cwd: store.folder,
    });
    expect(output).toBe('of the host\n');
  });

  it('follows a symbolic link of the host, but none of the image out of the container', async () => {
    symlinkSync('host', join(store.folder, 'link'));
    expect(await shell(['-v', `${store.folder}/link:/mnt`], 'cat /mnt/file')).toBe('of the host\n');
    // The image has /data/climbing -> ../../../../../../etc/passwd: the container's own.
    const before = statSync('/etc/passwd').ino;
    const flags = ['--rm', '-u', '0', '--entrypoint', 'cat', '-v', `${host}/file:/data/climbing`];
    expect(await store.ok(['run', ...flags, 'layered', '/etc/passwd'])).toBe('of the host\n');
    expect(statSync('/etc/passwd').ino).toBe(before);
  });

  it('keeps setuid programs and devices of a directory as they are on the host', async () => {
    expect(await shell(['-v', '/dev/null:/tmp/null'], 'echo x > /tmp/null && stat -c %F /tmp/null')).toBe(
      'character special file\n',
    );
  });

  it('makes a directory where the host has nothing, as docker does', async () => {
    expect(await shell(['-v', `${host}/mis/sing:/mnt`], 'echo new > /mnt/file; stat -c %U:%a /mnt')).toBe('root:755\n');
    expect(readFileSync(join(host, 'mis/sing/file'), 'utf8')).toBe('new\n');
  });

  it.each([
    ['/a:/b:/c:/d', /write it as/],
    ['/tmp:relative', /must be absolute/],
    ['/tmp:/', /cannot be mounted over/],
    ['/tmp:/mnt:sideways', /unknown option sideways/],
    ['/tmp:/mnt/../proc/', /it is inside \/proc/],
  ])('refuses %s', async (volume, message) => {
    expectFailure(await store.rcx(['run', '--rm', '-v', volume, 'ubuntu', 'true']), 125, message);
  });

  it('refuses to mount a directory on a file', async () => {
    const outcome = await store.rcx(['run', '--rm', '-v', `${host}:/etc/passwd`, 'ubuntu', 'true']);
    expectFailure(outcome, 125, /\/etc\/passwd.*ENOTDIR.*directory/);
  });
});

describe('--mount', () => {
  it('binds, read-only on request', async () => {
    const mount = `type=bind,source=${host},target=/mnt`;
    expect(await shell(['--mount', mount], 'touch /mnt/by-mount && cat /mnt/file')).toBe('of the host\n');
    const outcome = await store.rcx(['run', '--rm', '--mount', `${mount},readonly`, 'ubuntu', 'touch', '/mnt/x']);
    expect(outcome).toMatchObject({ exitCode: 1, stderr: expect.stringContaining('Read-only file system') });
  });

  it('makes a tmpfs of a size and mode', async () => {
    const script = 'stat -f -c %T /t; stat -c %a /t; echo $(df -B1 --output=size /t | tail -1)';
    const output = await shell(['--mount', 'type=tmpfs,target=/t,tmpfs-size=1048576,tmpfs-mode=700'], script);
    expect(output.split('\n')).toEqual(['tmpfs', '700', '1048576', '']);
  });

  it('refuses what it does not know', async () => {
    const refused = (mount: string) => store.rcx(['run', '--rm', '--mount', mount, 'ubuntu', 'true']);
    expectFailure(await refused('type=bind,target=/x'), 125, /source/);
    expectFailure(await refused(`type=bind,source=${host}/none,target=/x`), 125, /source path does not exist.*\/none/);
    expect(existsSync(join(host, 'none'))).toBe(false);
    expectFailure(await refused(`type=bind,source=${host},target=/x,colour=red`), 125, /colour/);
    expectFailure(await refused('type=nfs,target=/x'), 125, /type=nfs/);
  });
});

describe('--tmpfs', () => {
  it('is empty, writable and without devices, programs and setuid', async () => {
    const script = 'ls -A /etc; cp /bin/true /etc/x; /etc/x 2>/dev/null || echo no exec; grep " /etc " /proc/mounts';
    const output = await shell(['--tmpfs', '/etc:size=1m'], script);
    expect(output).toMatch(/no exec\ntmpfs \/etc tmpfs rw,nosuid,nodev,noexec,.*size=1024k/);
  });

  it('says when the kernel does not know an option', async () => {
    const outcome = await store.rcx(['run', '--rm', '--tmpfs', '/t:gid=4294967295', 'ubuntu', 'true']);
    expectFailure(outcome, 125, /tmpfs on \/t.*EINVAL.*option/);
  });

  it('takes exec and a mode', async () => {
    expect(await shell(['--tmpfs', '/t:exec,mode=1777'], 'cp /bin/echo /t/e && /t/e runs; stat -c %a /t')).toBe(
      'runs\n1777\n',
    );
  });
});

describe('--read-only', () => {
  it('makes the root read-only and leaves mounts writable', async () => {
    const flags = ['--read-only', '--tmpfs', '/tmp', '-v', `${host}:/mnt`];
    const script =
      'for d in / /etc /usr /dev; do touch $d/x 2>/dev/null && echo wrote $d; done; touch /tmp/x /mnt/x && echo ok';
    expect(await shell(flags, script)).toBe('wrote /dev\nok\n');
  });
});
