import { execFileSync } from 'node:child_process';
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { diffLayers } from '../../../ts/container/diff.ts';
import { changeUnion } from '../../support/overlay.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

const scratch = scratchDirectory();

const sh = (script: string, cwd: string) => execFileSync('sh', ['-ec', script], { cwd, stdio: 'pipe' });

/** A layer of these files. */
function layer(script: string): string {
  const directory = mkdtempSync(join(scratch, 'lower-'));
  sh(script, directory);
  return directory;
}

const BASE = `
  mkdir -p d/sub/deep gone same into
  echo 1 > d/a; echo 1 > d/b; echo 1 > d/sub/x; echo 1 > d/sub/deep/y; echo 1 > gone/z; echo 1 > file; echo 1 > other
  ln -s d link; mkfifo pipe`;

/** What changes are told of a container that runs a script in `/`, in the form of docker diff. */
async function diff(script: string, lower: readonly string[] = [layer(BASE)]): Promise<string[]> {
  const upper = await changeUnion(scratch, lower, (union) => void sh(script, union));
  return diffLayers(upper, lower).map(({ kind, path }) => `${kind} ${path}`);
}

describeWith({ root: true, commands: ['setfattr'] }, 'a diff', () => {
  it('of nothing is empty', async () => {
    expect(await diff('true')).toEqual([]);
    expect(await diff('cat d/a file; ls -R . >/dev/null; test -x d/sub')).toEqual([]);
  });

  it('tells what was added, changed and deleted, and the directories on the way to it', async () => {
    expect(await diff('echo 2 > d/sub/deep/new; echo 2 > d/b; rm file; rm -r gone')).toEqual([
      'C /d',
      'C /d/b',
      'C /d/sub',
      'C /d/sub/deep',
      'A /d/sub/deep/new',
      'D /file',
      'D /gone',
    ]);
  });

  it('tells each thing in a new directory', async () => {
    expect(await diff('mkdir -p n/e/w; echo > n/e/w/f; mkfifo n/p; ln -s x n/l; mknod n/c c 1 3')).toEqual([
      'A /n',
      'A /n/c',
      'A /n/e',
      'A /n/e/w',
      'A /n/e/w/f',
      'A /n/l',
      'A /n/p',
    ]);
  });

  it('tells nothing of what came and went', async () => {
    expect(await diff('mkdir n; echo > n/f; rm -r n; echo > d/t; rm d/t; touch -d @5 d')).toEqual(['C /d']);
  });

  it.each([
    ['chmod 600 file', ['C /file']],
    ['chown 5:6 file', ['C /file']],
    ['touch file', ['C /file']],
    ['setfattr -n user.colour -v red file', ['C /file']],
    ['chmod 700 same', ['C /same']],
    ['chown 5 same', ['C /same']],
    ['touch -d @5 same', ['C /same']],
    ['touch -d @5.5 d/sub', ['C /d', 'C /d/sub']],
    ['chown -h 5 link', ['C /link']],
    ['chmod 600 pipe', ['C /pipe']],
  ])('tells of attributes alone that something changed: %s', async (script, changes) => {
    expect(await diff(script)).toEqual(changes);
  });

  it('tells another name of a file as added, and the file as changed', async () => {
    expect(await diff('ln file again; ln d/a d/sub/a')).toEqual([
      'A /again',
      'C /d',
      'C /d/a',
      'C /d/sub',
      'A /d/sub/a',
      'C /file',
    ]);
  });

  it('tells a moved directory as deleted here and added there, with all that is in it', async () => {
    expect(await diff('mv d e; mv gone into/gone')).toEqual([
      'D /d',
      'A /e',
      'A /e/a',
      'A /e/b',
      'A /e/sub',
      'A /e/sub/deep',
      'A /e/sub/deep/y',
      'A /e/sub/x',
      'D /gone',
      'C /into',
      'A /into/gone',
      'A /into/gone/z',
    ]);
  });

  it('tells what became something else as changed, and what is in it now', async () => {
    expect(await diff('rm file; mkdir file; echo > file/in; rm -r d; ln -s gone d; rm link; echo > link')).toEqual([
      'C /d',
      'C /file',
      'A /file/in',
      'C /link',
    ]);
  });

  it('has names of any bytes', async () => {
    expect(
      await diff('echo > "$(printf "n\\377")"; echo > "$(printf "\\303\\274")"; mkdir "a b"; echo > "a b/c"'),
    ).toEqual(['A /a b', 'A /a b/c', 'A /n�', 'A /ü']);
  });

  it('has names of any length', async () => {
    const name = 'x'.repeat(250);
    expect(await diff(`mkdir -p ${name}/${name}; echo > ${name}/${name}/end`)).toEqual([
      `A /${name}`,
      `A /${name}/${name}`,
      `A /${name}/${name}/end`,
    ]);
  });

  it('is in the order of paths, a directory before its like-named neighbours', async () => {
    expect(await diff('mkdir x; echo > x/z; echo > x-y; echo > x.y; echo > "x!"')).toEqual([
      'A /x',
      'A /x/z',
      'A /x!',
      'A /x-y',
      'A /x.y',
    ]);
  });
});

describeWith({ root: true }, 'a directory that was removed and made again', () => {
  it('is changed, and what was in it is deleted', async () => {
    expect(await diff('rm -r d; mkdir d')).toEqual(['C /d', 'D /d/a', 'D /d/b', 'D /d/sub']);
  });

  it('has what is there again as changed, and what is new as added, at any depth', async () => {
    expect(await diff('rm -r d; mkdir -p d/sub/deep; echo 2 > d/sub/x; echo > d/0; echo > d/sub/new')).toEqual([
      'C /d',
      'A /d/0',
      'D /d/a',
      'D /d/b',
      'C /d/sub',
      'C /d/sub/deep',
      'D /d/sub/deep/y',
      'A /d/sub/new',
      'C /d/sub/x',
    ]);
  });

  it('may hold something else under an old name', async () => {
    expect(await diff('rm -r d; mkdir -p d/a; echo > d/a/in; echo > d/sub')).toEqual([
      'C /d',
      'C /d/a',
      'A /d/a/in',
      'D /d/b',
      'C /d/sub',
    ]);
  });

  it('does not hide its neighbours', async () => {
    expect(await diff('rm -r d; mkdir d; echo 2 > file; echo > e')).toEqual([
      'C /d',
      'D /d/a',
      'D /d/b',
      'D /d/sub',
      'A /e',
      'C /file',
    ]);
  });
});

describeWith({ root: true }, 'a diff with several layers below', () => {
  /** Three layers, topmost first: d was replaced, gone was deleted, file became a directory. */
  async function layers(): Promise<string[]> {
    const bottom = layer(BASE);
    const replace = 'rm -r d gone file; mkdir d file; echo 2 > d/a; echo 2 > file/in';
    const middle = await changeUnion(scratch, [bottom], (union) => void sh(replace, union));
    const top = await changeUnion(scratch, [middle, bottom], (union) => void sh('echo 3 > d/c', union));
    return [top, middle, bottom];
  }

  it('is one with what they show together', async () => {
    const changes = await diff(
      'echo 4 > d/a; echo 4 > d/b; rm d/c; mkdir gone; echo 4 > gone/z; rm file/in',
      await layers(),
    );
    expect(changes).toEqual(['C /d', 'C /d/a', 'A /d/b', 'D /d/c', 'C /file', 'D /file/in', 'A /gone', 'A /gone/z']);
  });

  it('tells of a replaced directory only what could be seen', async () => {
    expect(await diff('rm -r d; mkdir d', await layers())).toEqual(['C /d', 'D /d/a', 'D /d/c']);
  });
});
