import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { MountSpace } from '../support/mounts.ts';
import { RCX_BIN } from '../support/rcxBin.ts';

let store: Store;
/** A mount namespace of this test, in which all mounts are shared; `tree/sub` is a mount of its own. */
let space: MountSpace;
let tree: string;
beforeAll(async () => {
  store = await newStore({ images: true });
  space = await MountSpace.open();
  tree = join(store.folder, 'tree');
  mkdirSync(join(tree, 'sub'), { recursive: true });
  mkdirSync(join(tree, 'late'));
  writeFileSync(join(tree, 'sub/hidden'), 'below the mount\n');
  await space.run('mount', '-t', 'tmpfs', 'none', join(tree, 'sub'));
  await space.run('sh', '-c', `echo mounted > ${tree}/sub/file`);
});
afterAll(async () => {
  await space.close();
  await store.close();
});

function rcx(...args: string[]) {
  const [program, enter] = space.enter([RCX_BIN, ...args]);
  return execa(program, enter, {
    env: store.env,
    extendEnv: false,
    reject: false,
    input: '',
    stripFinalNewline: false,
  });
}

const shell = async (flags: string[], script: string) => {
  const { stdout, stderr } = await rcx('run', '--rm', ...flags, 'ubuntu', 'sh', '-c', script);
  return stdout + stderr;
};
const mount = (more: string) => ['--mount', `type=bind,source=${tree},target=/t${more}`];
/** Where something can be written. */
const WRITE = 'for d in /t /t/sub; do touch $d/try 2>/dev/null && echo $d && rm $d/try; done; ls /t/sub';

describe('a mount below a bind', () => {
  it.each([
    ['is bound, too', ['-v', 'TREE:/t'], '/t\n/t/sub\nfile\n'],
    ['is read-only where the bind is', ['-v', 'TREE:/t:ro'], 'file\n'],
    ['is read-only where the bind is, by --mount', mountOf(',readonly'), 'file\n'],
    ['is surely read-only', mountOf(',readonly,bind-recursive=readonly,bind-propagation=rprivate'), 'file\n'],
    ['stays as writable as it is', mountOf(',readonly,bind-recursive=writable'), '/t/sub\nfile\n'],
    ['is left out', mountOf(',bind-recursive=disabled'), '/t\n/t/sub\nhidden\n'],
    ['is left out of a read-only bind', mountOf(',readonly,bind-nonrecursive'), 'hidden\n'],
    ['is left out, by -v', ['-v', 'TREE:/t:bind'], '/t\n/t/sub\nhidden\n'],
  ])('%s: %j', async (_, flags, expected) => {
    expect(
      await shell(
        flags.map((flag) => flag.replace('TREE', tree)),
        WRITE,
      ),
    ).toBe(expected);
  });
});

function mountOf(more: string): string[] {
  return ['--mount', `type=bind,source=TREE,target=/t${more}`];
}

describe('what is mounted later', () => {
  /** A container that waits for something to be mounted at `late`, and says what it sees. */
  const late = async (flags: string[]) => {
    await rcx('run', '-d', '--name', 'late', ...flags, 'ubuntu', 'sleep', '60');
    await space.run('mount', '-t', 'tmpfs', 'none', join(tree, 'late'));
    await space.run('touch', join(tree, 'late/new'));
    const seen = await rcx('exec', 'late', 'ls', '/t/late');
    await space.run('umount', join(tree, 'late'));
    await rcx('rm', '-f', 'late');
    return seen.stdout;
  };

  it('on the host is seen with rslave and rshared, and not by default', async () => {
    expect(await late(mount(''))).toBe('');
    expect(await late(['-v', `${tree}:/t:rslave`])).toBe('new\n');
    expect(await late(mount(',bind-propagation=rshared'))).toBe('new\n');
  });

  it('is refused where the source is not on a shared mount, before anything is made', async () => {
    const own = join(store.folder, 'private');
    mkdirSync(own);
    await space.run('mount', '-t', 'tmpfs', 'none', own);
    await space.run('mount', '--make-private', own);
    for (const [propagation, kind] of [
      ['rshared', 'a shared mount'],
      ['slave', 'a shared or slave mount'],
    ]) {
      const outcome = await rcx('run', '--name', 'refused', '-v', `${own}:/t:${propagation}`, 'ubuntu', 'true');
      expect(outcome.exitCode).toBe(125);
      expect(outcome.stderr).toContain(`path ${own} is mounted on ${own} but it is not ${kind}`);
    }
    expect((await rcx('ps', '-aq')).stdout).toBe('');
    expect((await rcx('run', '--rm', '-v', `${own}:/t:rprivate`, 'ubuntu', 'true')).exitCode).toBe(0);
  });
});
