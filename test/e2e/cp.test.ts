import { chownSync, lstatSync, mkdirSync, readFileSync, readlinkSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { containerTree, differences } from '../support/containerTree.ts';
import { EVERYTHING } from '../support/everything.ts';
import { RCX_BIN } from '../support/rcxBin.ts';
import { readTree, type Tree } from '../support/tree.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
  mkdirSync(path('volume'));
  mkdirSync(path('src/sub'), { recursive: true });
  writeFileSync(path('src/file'), 'content');
  writeFileSync(path('src/sub/below'), 'below');
  symlinkSync('file', path('src/link'));
  symlinkSync('src', path('folder'));
  await store.ok(['run', '-d', '--name', 'box', '-v', `${path('volume')}:/volume`, 'ubuntu', 'sleep', '1000']);
  await store.ok(['create', '--name', 'made', '-v', `${path('volume')}:/volume`, 'ubuntu', 'sleep', '1000']);
});
afterAll(async () => {
  await store.ok(['rm', '-f', 'box']);
  await store.close();
});

const path = (name: string) => join(store.folder, name);
const inBox = (script: string) => store.ok(['exec', 'box', 'sh', '-c', script]);
const read = (name: string) => readFileSync(path(name), 'utf8');

/** A line of the host's shell in which `rcx` is the command under test. */
async function pipeline(line: string): Promise<string> {
  const script = `rcx() { "${RCX_BIN}" "$@"; }; cd ${store.folder}; ${line}`;
  return (await execa('bash', ['-o', 'pipefail', '-c', script], { env: store.env, extendEnv: false })).stdout;
}

/** What is below a path of a tree, by relative path. */
function below(tree: Tree, top: string): Tree {
  const names = Object.entries(tree).filter(([name]) => name === top || name.startsWith(`${top}/`));
  const rename = (name: string) => (name === top ? '.' : name.slice(top.length + 1));
  return Object.fromEntries(
    names.map(([name, entry]) => [
      rename(name),
      entry.sameAs === undefined ? entry : { ...entry, sameAs: rename(entry.sameAs) },
    ]),
  );
}

describe('everything that a tree can hold', () => {
  it('comes out of a container and into another, entry by entry', async () => {
    await store.ok(['run', '--name', 'all', 'ubuntu', 'sh', '-c', EVERYTHING]);
    const tree = below(await containerTree(store, 'all'), 't');
    expect(tree['n\xff']).toBeDefined();
    await store.ok(['cp', '-a', 'all:/t', path('out')]);
    expect(differences(readTree(path('out')), tree)).toEqual({});
    await store.ok(['cp', '-a', path('out'), 'made:/t']);
    expect(differences(below(await containerTree(store, 'made'), 't'), tree)).toEqual({});
    await store.ok(['cp', '-a', path('out'), 'box:/t']);
    expect(differences(below(await containerTree(store, 'box'), 't'), tree)).toEqual({});
  });

  it('goes through archives', async () => {
    await pipeline(
      'mkdir piped && rcx cp all:/t/. - | tar -x -C piped --xattrs --xattrs-include="*" --same-permissions',
    );
    const own = below(await containerTree(store, 'all'), 't');
    expect(differences(readTree(path('piped')), own)).toEqual({});
    await pipeline('rcx cp all:/t - | rcx cp - box:/opt');
    expect(differences(below(await containerTree(store, 'box'), 'opt/t'), own)).toEqual({});
  });

  it('becomes root’s without -a, and no program of somebody else’s one of root', async () => {
    await store.ok(['cp', 'all:/t/suid', path('suid')]);
    expect(lstatSync(path('suid'))).toMatchObject({ uid: 0, gid: 0, mode: 0o100755 });
    chownSync(path('src/file'), 1000, 1000);
    await store.ok(['cp', path('src'), 'box:/owned']);
    expect(await inBox('stat -c %u:%g /owned /owned/file')).toBe('0:0\n0:0\n');
    await store.ok(['cp', '-a', path('src/file'), 'box:/owned/file']);
    expect(await inBox('stat -c %u:%g /owned/file')).toBe('1000:1000\n');
    await pipeline('tar -C src --owner 7 --group 8 -cz file | rcx cp - box:/owned');
    expect(await inBox('stat -c %u:%g /owned/file')).toBe('7:8\n');
  });
});

describe('where a copy goes', () => {
  it.each([
    ['a folder', 'src', '/p/1', '/p/1/file'],
    ['a folder into a folder', 'src', '/p/1', '/p/1/src/file'],
    ['a folder with a slash', 'src/', '/p/1/sub', '/p/1/sub/src/file'],
    ['the content of a folder', 'src/.', '/p', '/p/sub/below'],
    ['a file', 'src/file', '/p/2', '/p/2'],
    ['a file on a file', 'src/sub/below', '/p/2', '/p/2'],
    ['a file into a folder', 'src/file', '/p/1/', '/p/1/file'],
    ['a path without a slash', 'src/file', 'p/3', '/p/3'],
    ['what a link to a folder leads to, by a slash', 'folder/', '/p/4', '/p/4/file'],
    ['what a link leads to, by -L', '-L src/link', '/p/5', '/p/5'],
  ])('%s', async (_, source, target, result) => {
    await inBox('mkdir -p /p');
    await pipeline(`rcx cp ${source} box:${target}`);
    const expected = /below/.test(source + result) ? 'below' : 'content';
    expect(await inBox(`cat ${result}`)).toBe(expected);
    expect(await inBox(`test -L ${result} || echo no`)).toBe('no\n');
  });

  it('is the link itself without -L', async () => {
    await pipeline('rcx cp src/link box:/p/link; rcx cp box:/p/link copied');
    expect(readlinkSync(path('copied'))).toBe('file');
  });

  it('follows links of the destination, in the container inside of it', async () => {
    await inBox(
      `mkdir -p /q/real; ln -s /q/real /q/folder; ln -s ../q/file /q/dangling; ln -s /../../..${store.folder} /q/out`,
    );
    await pipeline('rcx cp src/file box:/q/folder; rcx cp src/sub/below box:/q/dangling');
    expect(await inBox('cat /q/real/file /q/file')).toBe('contentbelow');
    expectFailure(
      await store.rcx(['cp', path('src/file'), 'box:/q/out/made']),
      1,
      /Could not find the file .* in container box/,
    );
    await pipeline(
      'mkdir real; ln -s real there; rcx cp box:/q/file there; ln -s new broken; rcx cp box:/q/file broken',
    );
    expect(read('real/file') + read('new')).toBe('belowbelow');
  });

  it('may be a volume, whether the container runs or not', async () => {
    await pipeline('rcx cp src box:/volume/running; rcx cp src made:/volume/made; rcx cp made:/volume/running/file v1');
    expect(read('volume/running/file') + read('volume/made/file') + read('v1')).toBe('contentcontentcontent');
  });

  it('may be a container that is paused, and one that has ended', async () => {
    await store.ok(['pause', 'box']);
    await pipeline('rcx cp src/file box:/paused; rcx cp box:/paused paused');
    await store.ok(['unpause', 'box']);
    expect(read('paused')).toBe('content');
    await store.ok(['run', '--name', 'ended', 'ubuntu', 'sh', '-c', 'rm /etc/issue; rm -r /srv; mkdir /srv']);
    await pipeline('rcx cp src/file ended:/etc/issue; rcx cp src/. ended:/srv; rcx cp ended:/etc/issue issue');
    expect(read('issue')).toBe('content');
    expect(await store.ok(['start', 'ended'])).toBe('ended\n');
    await store.ok(['wait', 'ended']);
    expect((await store.ok(['diff', 'ended'])).split('\n')).toContain('D /etc/issue');
  });
});

describe('a copy that cannot be made', () => {
  it.each([
    ['cp nobody:/x .', /no such container: nobody/],
    ['cp box:/nope .', /^rcx: cp: Could not find the file \/nope in container box$/m],
    ['cp box:/etc/passwd/x .', /Could not find the file \/etc\/passwd\/x in container box/],
    ['cp box:/etc/passwd nope/x', /invalid output path: directory "[^"]*nope" does not exist/],
    ['cp box:/etc/passwd new/', /new\/: no such directory/],
    ['cp box:/etc src/file', /src\/file: cannot copy directory/],
    ['cp src box:/etc/passwd', /\/etc\/passwd: cannot copy directory/],
    ['cp src/file box:/nope/x', /Could not find the file \/nope in container box/],
    ['cp src/file box:/nope/', /\/nope\/: no such directory/],
    ['cp src/file box:/dev/null', /destination "box:\/dev\/null" must be a directory or a regular file: got a device/],
    ['cp box:/etc /dev/null', /invalid output path: "\/dev\/null" must be a directory or a regular file: got a device/],
    ['cp nope box:/', /nope: no such file or directory/],
    ['cp src/file/ box:/', /src\/file\/: not a directory/],
    ['cp box:/etc box:/opt', /copying between containers is not supported/],
    ['cp src other', /must specify at least one container source/],
    ['cp - box:/etc/passwd', /destination "box:\/etc\/passwd" must be a directory/],
    ['cp - box:/etc', /stdin is empty/],
    ['cp src/file box:/etc/hosts', /\/etc\/hosts: device or resource busy.*mounted on it/],
    ['cp src/. made:/dev', /marked read-only/],
  ])('rcx %s', async (line, message) => {
    expectFailure(await store.rcx(line.split(' '), { cwd: store.folder }), 1, message);
  });

  it('overwrites neither a folder with a file nor a file with a folder', async () => {
    await inBox('mkdir -p /o/sub /o/file; rm -r /o/sub; touch /o/sub');
    const [files, folders] = [
      /\/o\/file: .*cannot overwrite|cannot overwrite directory/,
      /cannot overwrite non-directory/,
    ];
    await pipeline('mkdir -p one two/sub; touch one/file two/sub/x');
    expectFailure(await store.rcx(['cp', `${path('one')}/.`, 'box:/o']), 1, files);
    expectFailure(await store.rcx(['cp', `${path('two')}/.`, 'box:/o']), 1, folders);
    expect(await inBox('test -d /o/file && test -f /o/sub && echo both')).toBe('both\n');
  });

  it('is refused where the container may not be written to, its volumes apart', async () => {
    const flags = ['-v', `${path('volume')}:/rw`, '-v', `${path('volume')}:/ro:ro`];
    for (const command of [['run', '-d'], ['create']]) {
      await store.ok([...command, '--name', 'locked', '--read-only', ...flags, 'ubuntu', 'sleep', '1000']);
      expectFailure(
        await store.rcx(['cp', path('src/file'), 'locked:/opt']),
        1,
        /container rootfs is marked read-only/,
      );
      expectFailure(await store.rcx(['cp', path('src/file'), 'locked:/ro']), 1, /mounted volume is marked read-only/);
      await store.ok(['cp', path('src/file'), 'locked:/rw/locked']);
      expect(read('volume/locked')).toBe('content');
      await store.ok(['rm', '-f', 'locked']);
    }
  });

  it('of an archive that is none changes nothing else', async () => {
    expectFailure(await store.rcx(['cp', '-', 'box:/opt'], { input: 'x'.repeat(2000) }), 1, /cp: read the archive/);
    expectFailure(await store.rcx(['cp', '-', 'box:/opt'], { input: 'x' }), 1, /cp: read the archive: .*truncated/);
  });
});

describe('what is said of it', () => {
  it('is docker’s last line, unless stdout is no terminal', async () => {
    const { stdout, stderr } = await store.rcx(['cp', '--quiet=false', path('src/file'), 'box:/opt/said']);
    expect({ stdout, stderr }).toEqual({ stdout: '', stderr: 'Successfully copied 2.05kB to box:/opt/said\n' });
    expect(await store.rcx(['cp', path('src/file'), 'box:/opt/said'])).toMatchObject({ stdout: '', stderr: '' });
    const { stderr: out } = await store.rcx(['cp', '-q=0', 'box:/opt/said', path('said')]);
    expect(out).toBe(`Successfully copied 2.05kB to ${path('said')}\n`);
  });

  it('is that a file changed, when it did', async () => {
    // A file that is longer than it says.
    expectFailure(
      await store.rcx(['cp', 'box:/proc/cpuinfo', path('cpuinfo')]),
      1,
      /file changed as it was read: cpuinfo/,
    );
    const script = 'rcx cp box:/proc/version - | tar -t';
    await expect(pipeline(script)).rejects.toMatchObject({ stdout: 'version' });
  });
});

it('a container is not started while its root is mounted for a copy, and is afterwards', async () => {
  await inBox('true');
  await store.ok(['create', '--name', 'waits', 'ubuntu', 'sleep', '1000']);
  await pipeline(
    'mkfifo pipe; (sleep 1; tar -C src -c file) > pipe & rcx cp - waits:/opt < pipe & sleep 0.4; rcx start waits; wait',
  );
  expect(await store.ok(['exec', 'waits', 'cat', '/opt/file'])).toBe('content');
  await store.ok(['rm', '-f', 'waits']);
});
