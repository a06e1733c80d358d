import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { digestOf } from '../../ts/oci/digest.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import {
  containerTree,
  differences,
  imageTree,
  withoutDirectoryTimes,
  withoutInitTimes,
} from '../support/containerTree.ts';
import { EVERYTHING } from '../support/everything.ts';
import { waitUntil } from '../support/processes.ts';
import { RCX_BIN } from '../support/rcxBin.ts';
import { readTree, type Tree } from '../support/tree.ts';

let store: Store;
let tree: Tree;
beforeAll(async () => {
  store = await newStore({ images: true });
  await store.ok(['run', '--name', 'box', '-v', `${store.folder}:/volume`, 'ubuntu', 'sh', '-c', EVERYTHING]);
  tree = await containerTree(store, 'box');
});
afterAll(() => store.close());

const path = (name: string) => join(store.folder, name);

/** A line of the host's shell in which `rcx` is the command under test. */
function pipeline(line: string) {
  const script = `rcx() { "${RCX_BIN}" "$@"; }; ${line}`;
  return execa('bash', ['-o', 'pipefail', '-c', script], {
    env: store.env,
    extendEnv: false,
    reject: false,
    timeout: 30_000,
  });
}

describe('export', () => {
  it('and import give a container’s whole tree back, entry by entry', async () => {
    const { exitCode, stderr } = await pipeline('rcx export box | rcx import - round');
    expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    const after = await imageTree(store, 'round');
    expect(differences(withoutInitTimes(tree), withoutInitTimes(after))).toEqual({});
    expect(after['t/capable']?.xattrs).toHaveProperty('security.capability');
    const program = ['sh', '-c', 'cat /t/dir/again; ls -A /volume'];
    expect(await store.ok(['run', '--rm', 'round', ...program])).toBe('content\n');
  });

  it('writes the same bytes to a file and to stdout, every time', async () => {
    await store.ok(['export', '-o', path('a.tar'), 'box']);
    const { stdout } = await pipeline('rcx export box | sha256sum');
    expect(`${digestOf(readFileSync(path('a.tar')))}  -`).toBe(`sha256:${stdout}`);
    expect(statSync(path('a.tar')).mode & 0o777).toBe(0o600);
  });

  it('is an archive for tar', async () => {
    await execa('mkdir', [path('untarred')]);
    const flags = ['--xattrs', '--xattrs-include=*', '--same-permissions', '--numeric-owner'];
    await execa('tar', ['-xf', path('a.tar'), '-C', path('untarred'), ...flags]);
    const { '.': _root, ...theirs } = withoutDirectoryTimes(readTree(path('untarred')));
    const { '.': _own, ...own } = withoutDirectoryTimes(tree);
    expect(differences(theirs, own)).toEqual({});
  });

  it('goes to what a link leads to', async () => {
    await pipeline(`rcx export -o /dev/stdout box > ${path('stdout.tar')}`);
    expect(readFileSync(path('stdout.tar')).length).toBe(readFileSync(path('a.tar')).length);
    expect(readdirSync('/dev').filter((name) => name.includes('.tmp'))).toEqual([]);
  });

  it('of a container that runs is what it has at the time, however busy it is', async () => {
    const churn =
      'while :; do mkdir -p /c/d/e; for i in 1 2 3; do echo $i > /c/n; mv /c/n /c/d/$i; done; rm -r /c; done';
    const run = store.start(['run', '--name', 'busy', '--init', 'ubuntu', 'sh', '-c', `echo ready; ${churn}`]);
    await new Promise((resolve) => run.stdout.once('data', resolve));
    for (let i = 0; i < 5; i++) {
      const { exitCode, stderr } = await pipeline('rcx export busy | tar -t > /dev/null');
      expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: '' });
    }
    await store.ok(['rm', '-f', 'busy']);
    await run;
  });

  it('of a container in a directory is that directory', async () => {
    await execa('mkdir', ['-p', path('root/sub')]);
    await execa('cp', ['-a', '--parents', '/bin/true', path('root')]);
    await store.rcx(['run', '--name', 'rootfs', '--rootfs', path('root'), '/bin/true']);
    const { stdout } = await pipeline('rcx export rootfs | tar -t');
    expect(stdout.split('\n')).toEqual(expect.arrayContaining(['bin/true', 'sub/']));
    await store.ok(['rm', 'rootfs']);
  });
});

describe('a reader of an export', () => {
  it('may stop when it has seen enough', async () => {
    const { stdout, stderr } = await pipeline('rcx export box | head -c 10 | wc -c; echo $PIPESTATUS');
    expect({ stdout, stderr }).toEqual({ stdout: '10\n0', stderr: '' });
  });

  it('that cannot take it all is an error', async () => {
    expect(await pipeline('rcx export box > /dev/full')).toMatchObject({
      exitCode: 1,
      stderr: expect.stringMatching(/^rcx: export: stdout: .*ENOSPC[^\n]*$/),
    });
  });
});

describe('an export that cannot be made', () => {
  it('leaves no file', async () => {
    const before = readdirSync(store.folder);
    expectFailure(await store.rcx(['export', '-o', path('none.tar'), 'nobody']), 1, /no such container: nobody/);
    expectFailure(
      await store.rcx(['export', '-o', path('no/such/x.tar'), 'box']),
      1,
      /export: .*x\.tar: .*no such file/,
    );
    expectFailure(await store.rcx(['export', '-o', store.folder, 'box']), 1, /export: .*EISDIR/);
    expectFailure(await store.rcx(['export', 'nobody']), 1, /no such container: nobody/);
    expect(readdirSync(store.folder)).toEqual(before);
  });

  it('is one that is interrupted, which leaves none either', async () => {
    await store.ok(['run', '--name', 'huge', 'ubuntu', 'truncate', '-s', '64G', '/huge']);
    const child = store.start(['export', '-o', path('huge.tar'), 'huge']);
    const begun = () => readdirSync(store.folder).some((name) => name.startsWith('huge.tar.'));
    await waitUntil(begun);
    child.kill('SIGINT');
    expect(await child).toMatchObject({ signal: 'SIGINT', stdout: '', stderr: '' });
    expect([begun(), existsSync(path('huge.tar'))]).toEqual([false, false]);
  });
});
