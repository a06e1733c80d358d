import { existsSync, lstatSync, mkdirSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { INSTALLED_BIN } from '../support/installedBin.ts';
import { isRunning, waitUntil } from '../support/processes.ts';

const { user } = inject('e2e');
if (user === undefined) throw new Error('these are tests of an ordinary user');
const single = user.kind === 'single';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

/** As it is installed. */
const LIBRARY = join(realpathSync(INSTALLED_BIN), '../../dist/index.mjs');

const run = (...words: string[]) => store.ok(['run', '--rm', ...words]);
const holder = (of: Store = store) =>
  JSON.parse(readFileSync(join(of.env.RCX_RUN ?? '', 'namespace.json'), 'utf8')).pid as number;

describe('the namespace of an ordinary user', () => {
  it('is made once, by whoever is first of many', async () => {
    const fresh = await newStore({ images: true });
    const all = Array.from({ length: 4 }, () => fresh.ok(['run', '--rm', 'ubuntu', 'readlink', '/proc/self/ns/user']));
    expect(new Set(await Promise.all(all)).size).toBe(1);
    await fresh.close();
  });

  it('outlives what was run in it, and is found again by its holder or by a container', async () => {
    const namespaceOf = () => store.ok(['exec', 'stays', 'readlink', '/proc/self/ns/user']);
    await store.ok(['run', '-d', '--name', 'stays', 'ubuntu', 'sleep', '600']);
    const before = await namespaceOf();
    process.kill(holder(), 'SIGKILL');
    await waitUntil(() => !isRunning(holder()));
    expect(await run('ubuntu', 'readlink', '/proc/self/ns/user')).toBe(before);
    expect(await namespaceOf()).toBe(before);
    await store.ok(['rm', '-f', 'stays']);
  });

  it('has the user for root, and his subordinate ids after that', async () => {
    const map = (await run('ubuntu', 'cat', '/proc/self/uid_map')).trim().split(/\s+/).map(Number);
    expect(map.slice(0, 3)).toEqual([0, user.uid, 1]);
    expect(map.length).toBe(single ? 3 : 6);
    writeFileSync(join(store.folder, 'mine'), 'x');
    await execa('chown', [`${user.uid}`, join(store.folder, 'mine')]);
    const script = 'stat -c %u /here/mine; echo new > /here/new';
    mkdirSync(join(store.folder, 'dir'), { recursive: true });
    await execa('chown', [`${user.uid}`, join(store.folder, 'dir')]);
    expect(await run('-v', `${store.folder}:/here`, 'ubuntu', 'sh', '-c', script)).toBe('0\n');
    expect(lstatSync(join(store.folder, 'new')).uid).toBe(user.uid);
  });

  it('gives a program in it no privilege over the machine', async () => {
    const script = 'mknod /tmp/null c 1 3; mount -t tmpfs t /mnt; hostname x; dmesg; kill -9 1; echo end';
    const { stdout, stderr } = await store.rcx([
      'run',
      '--rm',
      '--privileged',
      '--network',
      'host',
      'ubuntu',
      'sh',
      '-c',
      script,
    ]);
    expect(stdout).toContain('end');
    expect(stderr).toMatch(/mknod: .*Operation not permitted/);
  });

  it('lets the library use networks, whose way out it opens', async () => {
    const fresh = await newStore({ images: true });
    const program = `
      const { run } = await import(process.argv[1]);
      const { stdout } = await run('ubuntu', ['ls', '/sys/class/net'], { network: 'bridge' });
      process.stdout.write(stdout);`;
    const words = ['node', '--input-type=module', '-e', program, '--', LIBRARY];
    expect(await fresh.ok(['unshare', ...words])).toBe('eth0\nlo\n');
    await fresh.close();
  });

  it('is entered by unshare, where all that containers leave can be read and removed', async () => {
    expect(await store.ok(['unshare', 'id', '-u'])).toBe('0\n');
    const owned = join(store.folder, 'owned');
    mkdirSync(owned);
    await execa('chown', [`${user.uid}`, owned]);
    const script =
      'mkdir -p /owned/deep && echo x > /owned/deep/file && chown -R 33 /owned/deep; chmod 700 /owned/deep';
    await store.rcx(['run', '--rm', '-v', `${owned}:/owned`, 'ubuntu', 'sh', '-c', script]);
    expect(existsSync(join(owned, 'deep/file'))).toBe(true);
    await store.ok(['unshare', 'rm', '-r', join(owned, 'deep')]);
    expect(existsSync(join(owned, 'deep'))).toBe(false);
    expectFailure(await store.rcx(['unshare', '/no/such-program']), 127, /\/no\/such-program: no such file/);
  });

  it('has other users in containers, by their ids', async () => {
    expect(await run('-u', '33:33', 'ubuntu', 'sh', '-c', 'id -u; id -g; touch /tmp/x; stat -c %u:%g /tmp/x')).toBe(
      '33\n33\n33:33\n',
    );
    expect(await run('-u', 'www-data', 'ubuntu', 'id', '-un')).toBe('www-data\n');
  });
});

describe('files of others in images', () => {
  /** Lines of tar about some files of a container. */
  const listed = async (name: string, ...files: string[]) => {
    const file = join(store.folder, `${name}.tar`);
    await store.ok(['export', '-o', file, name]);
    return (await execa('tar', ['--list', '--verbose', '--numeric-owner', '--file', file, ...files])).stdout;
  };
  const made = [
    'chown 33:33 /srv',
    'mkdir /srv/dir',
    'echo x > /srv/dir/f',
    'chmod 600 /srv/dir/f',
    'chown 33 /srv/dir/f',
  ];

  it('come back from a registry as they were committed', async () => {
    const { registry } = inject('e2e');
    const name = `${registry}/${user.name}/owned`;
    // Where there is one id nothing can be given away.
    await store.rcx(['run', '--name', 'made', 'ubuntu', 'sh', '-c', made.join(' && ')]);
    await store.ok(['commit', 'made', name]);
    await store.ok(['push', '-q', name]);
    const other = await newStore();
    await other.ok(['pull', '-q', name]);
    const owners = await other.ok(['run', '--rm', name, 'stat', '-c', '%u:%g', '/srv', '/etc/shadow']);
    expect(owners).toBe(single ? '0:0\n0:0\n' : '33:33\n0:42\n');
    await other.close();
  });

  it('are told in archives, also where they are on record only', async () => {
    await store.ok(['create', '--name', 'kept', 'ubuntu', 'true']);
    const stdout = await listed('kept', 'etc/shadow', 'var/mail');
    expect(stdout).toMatch(/ 0\/42 .* etc\/shadow$/m);
    expect(stdout).toMatch(/ 0\/8 .* var\/mail\/$/m);
    await store.ok(['rm', 'kept']);
  });

  it('are kept when a container changes the file', async () => {
    await store.ok(['run', '--name', 'changes', 'ubuntu', 'sh', '-c', 'echo more >> /etc/shadow']);
    const id = (await store.ok(['commit', 'changes', 'changed'])).trim();
    expect(id).toMatch(/^sha256:/);
    await store.ok(['create', '--name', 'again', 'changed', 'true']);
    expect(await listed('again', 'etc/shadow')).toMatch(/ 0\/42 /);
    await store.ok(['rm', 'changes', 'again']);
  });
});

describe('what an ordinary user has no cgroup for', () => {
  it.each([
    [['-m', '64m'], /apply a limit: --memory: this user has no cgroup/],
    [['--pids-limit', '10'], /--pids-limit/],
    [['--cpus', '0.5'], /--cpus/],
  ])('is refused when it is asked for: %j', async (flags, message) => {
    expectFailure(await store.rcx(['run', '--rm', ...flags, 'ubuntu', 'true']), 125, message);
  });

  it('does not keep commit, top and stats from what they do', async () => {
    await store.ok(['run', '-d', '--name', 'busy', 'ubuntu', 'sh', '-c', 'sleep 500 & exec sleep 600']);
    expectFailure(await store.rcx(['pause', 'busy']), 1, /busy: it has no cgroup of its own; .*systemd/);
    expect((await store.ok(['top', 'busy'])).match(/sleep \d+$/gm)?.sort()).toEqual(['sleep 500', 'sleep 600']);
    expect(await store.ok(['stats', '--no-stream', '--format', '{{.PIDs}}', 'busy'])).toBe('2\n');
    await store.ok(['commit', 'busy', 'busy']);
    await store.ok(['rm', '-f', 'busy']);
  });

  it('does not keep processes of the machine’s own pid namespace alive', async () => {
    const script = 'sleep 4217 & setsid sleep 4217 & exec sleep 0.2';
    await run('--pid', 'host', 'ubuntu', 'sh', '-c', script);
    expect((await execa('pgrep', ['-u', String(user.uid), '-fc', 'sleep 4217'], { reject: false })).stdout).toBe('0');
  });
});

describe('reset', () => {
  it('leaves nothing, whoever the files belong to', async () => {
    const fresh = await newStore({ images: true });
    await fresh.ok(['run', '-d', '-v', 'data:/data', 'ubuntu', 'sleep', '600']);
    const pid = holder(fresh);
    await fresh.ok(['system', 'reset'], { input: 'n\n' });
    expect(await fresh.ok(['images', '-q'])).not.toBe('');
    await fresh.ok(['system', 'reset', '-f']);
    expect((await execa('ls', ['-A', fresh.root])).stdout).toBe('');
    expect(existsSync(fresh.env.RCX_RUN ?? '')).toBe(false);
    await waitUntil(() => !isRunning(pid));
    expect(await fresh.ok(['images', '-q'])).toBe('');
    await fresh.close();
  });
});
