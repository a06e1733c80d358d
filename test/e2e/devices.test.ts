import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

const shell = (script: string, ...flags: string[]) =>
  store.ok(['run', '--rm', ...flags, 'ubuntu', 'bash', '-c', script]);

/** Whether a device of the container can be opened, by file descriptor 3. */
const opened = (how: string) => `exec 3${how} && echo yes || echo no`;

/** A device that no container has by default, and that can be opened without a capability and without harm. */
const DEVICE =
  ['/dev/fuse', '/dev/net/tun', '/dev/loop-control'].find((path) => existsSync(path)) ?? '/dev/loop-control';
const { mode, uid, gid, rdev } = statSync(DEVICE);
const [major, minor] = [rdev >> 8, rdev & 0xff];
const octal = (bits: number) => (bits & 0o7777).toString(8);

describe('--device', () => {
  it('is the host’s device, with its mode and owner, under its own name or another one', async () => {
    const host = `${octal(mode)} ${uid}:${gid} ${major.toString(16)}:${minor.toString(16)}\n`;
    expect(await shell(`stat -c "%a %u:%g %t:%T" ${DEVICE}`, '--device', DEVICE)).toBe(host);
    expect(await shell('stat -c "%a %u:%g %t:%T" /srv/a/log', '--device', `${DEVICE}:/srv/a/log`)).toBe(host);
  });

  it('can be used as far as its letters go', async () => {
    expect(await shell(opened(`<>${DEVICE}`), '--device', DEVICE)).toBe('yes\n');
    expect(await shell(opened(`<${DEVICE}`), '--device', `${DEVICE}:r`)).toBe('yes\n');
    expect(await shell(`(${opened(`>${DEVICE}`)}) 2>&1`, '--device', `${DEVICE}:r`)).toMatch(/not permitted\nno\n$/);
    expect(await shell(`(${opened(`<${DEVICE}`)}) 2>&1`, '--device', `${DEVICE}:w`)).toMatch(/not permitted\nno\n$/);
    expect(await shell(opened(`>${DEVICE}`), '--device', `${DEVICE}:w`)).toBe('yes\n');
  });

  it('can be a directory, and is then all devices below it', async () => {
    const folder = join(store.folder, 'devices');
    mkdirSync(join(folder, 'deep'), { recursive: true });
    execFileSync('mknod', ['-m', '640', join(folder, 'log'), 'c', `${major}`, `${minor}`]);
    execFileSync('mknod', [join(folder, 'deep/zero'), 'c', '1', '5']);
    execFileSync('mkfifo', [join(folder, 'pipe')]);
    const script = 'cd /dev/host; find . -type c -printf "%P %m\\n" | sort; ls; exec 3<log';
    const mode = octal(statSync(join(folder, 'deep/zero')).mode);
    expect(await shell(script, '--device', `${folder}:/dev/host:r`)).toBe(`deep/zero ${mode}\nlog 640\ndeep\nlog\n`);
  });

  it('takes the place of one that every container has', async () => {
    expect(await shell('stat -c %t:%T /dev/zero', '--device', '/dev/null:/dev/zero')).toBe('1:3\n');
    expect(await shell('stat -c %t:%T /dev/null', '--device', '/dev/null')).toBe('1:3\n');
  });

  it('is there again after a restart, outside of /dev as well', async () => {
    const id = (
      await store.ok(['create', '--device', `${DEVICE}:/log:r`, 'ubuntu', 'stat', '-c', '%t:%T', '/log'])
    ).trim();
    for (const _ of [1, 2])
      expect(await store.ok(['start', '-a', id])).toBe(`${major.toString(16)}:${minor.toString(16)}\n`);
    const [{ HostConfig }] = JSON.parse(await store.ok(['inspect', id]));
    expect(HostConfig.Devices).toEqual([{ PathOnHost: DEVICE, PathInContainer: '/log', CgroupPermissions: 'r' }]);
    await store.ok(['rm', id]);
  });

  it.each([
    ['/dev/there-is-none', /no such file or directory/],
    ['/etc/passwd', /not a device node/],
    ['/etc', /there is no device in it/],
    ['/dev/null:/dev/x:rr', /bad mode specified: rr/],
    ['vendor.com/class=name', /Container Device Interface/],
  ])('%s is refused before anything is made', async (device, message) => {
    expectFailure(await store.rcx(['run', '--device', device, 'ubuntu', 'true']), 125, message);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });
});

describe('--device-cgroup-rule', () => {
  it('allows what it names and no more', async () => {
    const rule = ['--device-cgroup-rule', `c ${major}:${minor} r`];
    const log = `mknod /tmp/log c ${major} ${minor};`;
    expect(await shell(`${log} ${opened('</tmp/log')}`, ...rule)).toBe('yes\n');
    expect(await shell(`${log} (${opened('>/tmp/log')}) 2>&1`, ...rule)).toMatch(/not permitted\nno\n$/);
    expect(await shell(`mknod /tmp/mem c 1 1; (${opened('</tmp/mem')}) 2>&1`, ...rule)).toMatch(/not permitted\nno\n$/);
  });

  it('of both kinds is not one for all devices', async () => {
    const rule = ['--device-cgroup-rule', 'a 7:* rwm'];
    expect(await shell(`mknod /tmp/log c ${major} ${minor}; (${opened('</tmp/log')}) 2>&1`, ...rule)).toMatch(
      /not permitted\nno\n$/,
    );
  });

  it('is shown by inspect', async () => {
    const rule = ['--device-cgroup-rule', 'b 8:* r'];
    const id = (await store.ok(['create', ...rule, 'ubuntu', 'true'])).trim();
    expect(await store.ok(['inspect', '-f', '{{json .HostConfig.DeviceCgroupRules}}', id])).toBe('["b 8:* r"]\n');
  });

  it('that is none is refused', async () => {
    expectFailure(await store.rcx(['run', '--device-cgroup-rule', 'x 1:3', 'ubuntu', 'true']), 125, /c 1:3 rwm/);
  });
});

describe('the host’s /dev', () => {
  it('can be bound, and nothing is made in it', async () => {
    const before = execFileSync('ls', ['-A', '/dev']).toString();
    const output = await shell('test -c /dev/console && ls -A /dev', '-v', '/dev:/dev');
    expect(output).toBe(before);
    expect(execFileSync('ls', ['-A', '/dev']).toString()).toBe(before);
  });
});

it('--gpus is refused with what to do instead', async () => {
  expectFailure(await store.rcx(['run', '--gpus', 'all', 'ubuntu', 'true']), 125, /--device/);
});
