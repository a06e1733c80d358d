import { chownSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { readManifest } from '../../ts/store/storedImage.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { containerTree, differences } from '../support/containerTree.ts';
import { EVERYTHING } from '../support/everything.ts';
import { detached, logged, ready } from '../support/life.ts';
import { TestStore } from '../support/pulling.ts';
import { RCX_BIN } from '../support/rcxBin.ts';
import { readTree, type Tree } from '../support/tree.ts';

/** By default, where the tests' machine has no subordinate ids for containers. */
const FIRST = 300_000;
const COUNT = 4 * 65_536;

let store: Store;
let config: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  const settings = JSON.parse(readFileSync(store.env.RCX_CONFIG ?? '', 'utf8'));
  config = join(store.folder, 'userns.json');
  writeFileSync(config, JSON.stringify({ ...settings, userns: { first: FIRST, count: COUNT } }));
  store.env.RCX_CONFIG = config;
});
afterEach(async () => {
  // A test that failed must not take the ids of the next.
  const ids = (await store.ok(['ps', '-aq'])).split('\n').filter((id) => id !== '');
  if (ids.length > 0) await store.ok(['rm', '-f', ...ids]);
});
afterAll(() => store.close());

const AUTO = ['--userns', 'auto'];
const shell = (script: string, ...flags: string[]) => store.ok(['run', '--rm', ...flags, 'ubuntu', 'sh', '-c', script]);
const inspect = async (name: string, template: string) => (await store.ok(['inspect', '-f', template, name])).trim();
const pidOf = async (name: string) => Number(await inspect(name, '{{.State.Pid}}'));
const uidsOf = (pid: number) => /^Uid:\s+(.*)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]?.split('\t');
const firstId = async (name: string) =>
  Number((await inspect(name, '{{index .HostConfig.IDMappings.UidMap 0}}')).split(':')[1]);

describe('a container with a user namespace', () => {
  it('is root to itself, and nobody of importance to the host', async () => {
    const id = await ready(store, ['--name', 'root', ...AUTO]);
    const host = await firstId('root');
    expect(host).toBeGreaterThanOrEqual(FIRST);
    expect(await store.ok(['exec', 'root', 'id', '-u'])).toBe('0\n');
    expect(uidsOf(await pidOf(id))).toEqual(Array(4).fill(String(host)));
    expect(await store.ok(['top', 'root', '-o', 'pid,uid'])).toMatch(new RegExp(`^\\d+\\s+${host}$`, 'm'));
    expect(await inspect('root', '{{.HostConfig.UsernsMode}}')).toBe('auto');
    await store.ok(['rm', '-f', 'root']);
  });

  it('sees the image’s files as they are stored, and owns its own devices, files and mounts', async () => {
    const owners =
      'stat -c "%u:%g %n" / /etc /etc/hosts /etc/shadow /dev /dev/null /dev/shm /tmp/new /dev/pts; ls -l /dev/fd';
    const script = `touch /tmp/new; ${owners} | sed "s/ [A-Z][a-z][a-z] .*/ /"`;
    expect(await shell(script, ...AUTO)).toBe(await shell(script));
  });

  it('changes, gives away and deletes files of the image', async () => {
    const script = `
      chown 33:44 /etc/passwd && chmod 600 /etc/passwd && stat -c %u:%g:%a /etc/passwd
      rm -r /usr/share/doc && test ! -e /usr/share/doc && mkdir /usr/share/doc && ls -A /usr/share/doc
      mv /etc/group /root/group && wc -l < /root/group | tr -d " " && ln /root/group /root/other
      mkfifo /root/fifo && su -s /bin/sh www-data -c "id -u; touch /tmp/mine; stat -c %u /tmp/mine"`;
    expect(await shell(script, ...AUTO)).toBe(await shell(script));
  });

  it('has devices that work, and can make none', async () => {
    const script =
      'head -c 3 /dev/zero | wc -c; echo x > /dev/null; : < /dev/urandom; mknod /dev/x c 1 3 || echo refused';
    const { stdout } = await store.rcx(['run', '--rm', ...AUTO, 'ubuntu', 'sh', '-c', script]);
    expect(stdout).toBe('3\nrefused\n');
  });

  it('has a network of its own, or the host’s', async () => {
    const script = 'cat /proc/sys/net/ipv4/ping_group_range /sys/class/net/lo/operstate; ls -d /sys/class/net/lo';
    expect(await shell(script, ...AUTO)).toMatch(/^0\s65535\nunknown\n/);
    expect(await shell('ls /sys/class/net | wc -l', ...AUTO, '--network', 'host')).toBe(
      await shell('ls /sys/class/net | wc -l', '--network', 'host'),
    );
  });

  it('has a terminal', async () => {
    expect(await shell('tty; stat -c %u:%g $(tty)', '-t', ...AUTO)).toBe('/dev/pts/0\r\n0:5\r\n');
  });

  it('runs as any user that is mapped', async () => {
    expect(await shell('id -u; id -g; cat /proc/self/uid_map', '-u', '1234:55', ...AUTO)).toMatch(/^1234\n55\n/);
    expectFailure(await store.rcx(['run', '-u', '70000', ...AUTO, 'ubuntu', 'true']), 125, /user 70000.*not mapped/);
  });

  it('has limits and an init, and is stopped, restarted, paused and killed as any other', async () => {
    const flags = ['--name', 'life', '--init', '--memory', '64m', '--pids-limit', '50', ...AUTO];
    await ready(store, flags);
    const first = await firstId('life');
    await store.ok(['restart', '-t', '5', 'life']);
    expect(await firstId('life')).toBe(first);
    await store.ok(['pause', 'life']);
    await store.ok(['unpause', 'life']);
    await store.ok(['stop', '-t', '5', 'life']);
    await store.ok(['start', 'life']);
    expect(uidsOf(await pidOf('life'))?.[0]).toBe(String(first));
    await store.ok(['kill', 'life']);
    await store.ok(['rm', 'life']);
  });

  it('is checked for health inside', async () => {
    const health = ['--health-cmd', 'test $(id -u) = 0', '--health-interval', '1s'];
    await detached(store, ['--name', 'health', ...health, ...AUTO], 'sleep 100');
    await expect.poll(() => inspect('health', '{{.State.Health.Status}}'), { timeout: 20_000 }).toBe('healthy');
    await store.ok(['rm', '-f', 'health']);
  });

  it('shows bound files with the host’s owners, or with idmap as if they were its own', async () => {
    const folder = join(store.folder, 'bound');
    mkdirSync(folder);
    const bound = (option: string) =>
      shell('stat -c %u /b; touch /b/f && stat -c %u /b/f', '-v', `${folder}:/b${option}`, ...AUTO);
    await expect(bound('')).rejects.toThrow(/Permission denied/);
    expect(await bound(':idmap')).toBe('0\n0\n');
    expect(statSync(join(folder, 'f')).uid).toBe(0);
    expect(await shell('stat -c %u /b', '--mount', `type=bind,src=${folder},dst=/b,idmap`, ...AUTO)).toBe('0\n');
  });

  it('runs in a directory, whose files it shows as they are', async () => {
    const root = join(store.folder, 'rootfs');
    mkdirSync(root);
    await store.ok(['create', '--name', 'source', 'ubuntu']);
    await execa('sh', ['-c', `"$0" export source | tar -x -C "$1"`, RCX_BIN, root], { env: store.env });
    const output = await store.ok([
      'run',
      '--rm',
      '--rootfs',
      ...AUTO,
      root,
      'sh',
      '-c',
      'stat -c %u /etc; touch /made',
    ]);
    expect(output).toBe('0\n');
    expect(statSync(join(root, 'made')).uid).toBe(0);
    await store.ok(['rm', 'source']);
  });
});

describe('what a container with a user namespace leaves', () => {
  it('is the same as without: on disk, in diff, export and commit', async () => {
    // Devices cannot be made there, and not all ids are mapped.
    const script = EVERYTHING.replace('mknod /t/null c 1 3; mknod /t/disk b 7 0; ', '').replace(
      '3000000:3000001',
      '3000:3001',
    );
    await store.ok(['run', '--name', 'plain', 'ubuntu', 'sh', '-c', script]);
    await store.ok(['run', '--name', 'shifted', ...AUTO, 'ubuntu', 'sh', '-c', script]);
    const tree = async (name: string): Promise<Tree> => {
      const entries = Object.entries(await containerTree(store, name));
      return Object.fromEntries(entries.map(([path, entry]) => [path, { ...entry, mtime: '' }]));
    };
    expect(differences(await tree('shifted'), await tree('plain'))).toEqual({});
    expect(await store.ok(['diff', 'shifted'])).toBe(await store.ok(['diff', 'plain']));
    await store.ok(['rm', 'plain', 'shifted']);
  });

  it('is committed to the very same layer', async () => {
    const script =
      'mkdir /d; echo x > /d/f; chown -R 33:44 /d; rm /etc/issue; chmod 4755 /d/f; touch -d @1000000000 /d/f /d /etc /';
    const layers: string[] = [];
    for (const [name, flags] of [
      ['made1', []],
      ['made2', AUTO],
    ] as const) {
      await store.ok(['run', '--name', name, ...flags, 'ubuntu', 'sh', '-c', script]);
      await store.ok(['commit', name, `made-${name}`]);
      const { images, blobs } = new TestStore(store.root);
      layers.push(String(readManifest(blobs, images.find(`made-${name}`).manifest).layers.at(-1)?.digest));
      await store.ok(['rm', name]);
    }
    expect(layers[1]).toBe(layers[0]);
  });

  it('goes in and out by cp, whether it runs or not', async () => {
    const out = join(store.folder, 'in');
    mkdirSync(join(out, 'sub'), { recursive: true });
    writeFileSync(join(out, 'sub/file'), 'content');
    chownSync(join(out, 'sub/file'), 33, 44);
    await ready(store, ['--name', 'copy', ...AUTO]);
    await store.ok(['cp', '-a', out, 'copy:/running']);
    expect(await store.ok(['exec', 'copy', 'stat', '-c', '%u:%g', '/running', '/running/sub/file'])).toBe(
      '0:0\n33:44\n',
    );
    await store.ok(['cp', join(out, 'sub/file'), 'copy:/etc/new']);
    expect(await store.ok(['exec', 'copy', 'stat', '-c', '%u:%g', '/etc/new'])).toBe('0:0\n');
    await store.ok(['cp', '-a', 'copy:/running', join(store.folder, 'back')]);
    expect(differences(readTree(join(store.folder, 'back')), readTree(out))).toEqual({});
    await store.ok(['stop', '-t', '5', 'copy']);
    await store.ok(['cp', '-a', out, 'copy:/stopped']);
    await store.ok(['cp', '-a', 'copy:/running', join(store.folder, 'again')]);
    expect(differences(readTree(join(store.folder, 'again')), readTree(out))).toEqual({});
    await store.ok(['start', 'copy']);
    await logged(store, 'copy', /ready/);
    expect(await store.ok(['exec', 'copy', 'stat', '-c', '%u:%g', '/stopped/sub/file'])).toBe('33:44\n');
    await store.ok(['cp', join(out, 'sub/file'), 'copy:/']);
    await store.ok(['rm', '-f', 'copy']);
  });
});

describe('--userns auto', () => {
  it('gives every container ids of its own, also to many at once, until there are none left', async () => {
    const names = ['ww', 'xx', 'yy', 'zz'];
    await Promise.all(names.map((name) => store.ok(['create', '--name', name, ...AUTO, 'ubuntu', 'true'])));
    const firsts = await Promise.all(names.map(firstId));
    expect(firsts.sort()).toEqual([0, 1, 2, 3].map((n) => FIRST + n * 65_536));
    const before = await store.ok(['ps', '-aq']);
    expectFailure(await store.rcx(['run', ...AUTO, 'ubuntu', 'true']), 125, /no 65536 consecutive user ids are free/);
    expect(await store.ok(['ps', '-aq'])).toBe(before);
    expectFailure(await store.rcx(['run', '--userns', `${FIRST + 100}:5000`, 'ubuntu', 'true']), 125, /for itself/);
    // What is removed is free again.
    const freed = await firstId('yy');
    await store.ok(['rm', 'yy']);
    await store.ok(['create', '--name', 'again', ...AUTO, 'ubuntu', 'true']);
    expect(await firstId('again')).toBe(freed);
    await store.ok(['rm', ...names.filter((name) => name !== 'yy'), 'again']);
  });

  it('takes as few ids as are asked for', async () => {
    expect(await shell('cat /proc/self/uid_map', '--userns', 'auto:size=2000')).toMatch(/^\s+0\s+300000\s+2000\n$/);
  });
});

describe('given ids', () => {
  it('are used as they are', async () => {
    const flags = ['--uidmap', '0:700000:1000', '--uidmap', '1000:5000:1', '--gidmap', '0:800000:2000'];
    const squeeze = (text: string) => text.replace(/ +/g, ' ');
    expect(squeeze(await shell('cat /proc/self/uid_map /proc/self/gid_map', ...flags))).toBe(
      ' 0 700000 1000\n 1000 5000 1\n 0 800000 2000\n',
    );
    await store.ok(['create', '--name', 'given', ...flags, 'ubuntu', 'true']);
    expect(await inspect('given', '{{.HostConfig.UsernsMode}} {{json .HostConfig.IDMappings}}')).toBe(
      'private {"UidMap":["0:700000:1000","1000:5000:1"],"GidMap":["0:800000:2000"]}',
    );
    await store.ok(['rm', 'given']);
    expect(squeeze(await shell('cat /proc/self/uid_map', '--userns', '700000'))).toBe(' 0 700000 65536\n');
    expect(squeeze(await shell('cat /proc/self/uid_map', '--userns', 'host'))).toBe(' 0 0 4294967295\n');
  });

  it.each([
    [['--userns', 'keep-id'], /--userns is host, auto/],
    [['--userns', '200000:10'], /0 to 999/],
    [['--uidmap', '0:200000:5000', '--uidmap', '4000:300000:5000'], /same ids of the container/],
    [['--userns', 'auto', '--uidmap', '0:200000:5000'], /together/],
    [['--userns', 'auto', '--no-pivot'], /pivot_root/],
    [['--userns', 'auto', '--privileged'], /incompatible with user namespaces/],
    [['--userns', 'auto', '-v', '/tmp:/t:rshared'], /share the mounts/],
    [['-v', '/tmp:/t:idmap'], /no user namespace/],
  ])('%j are refused before anything is made', async (flags, message) => {
    expectFailure(await store.rcx(['create', ...flags, 'ubuntu', 'true']), 1, message);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });
});
