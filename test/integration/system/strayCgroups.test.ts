import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, rmdirSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { removeCgroup } from '../../../ts/container/removeCgroup.ts';
import { cgroupPath } from '../../../ts/container/spec/build.ts';
import { Engine } from '../../../ts/engine.ts';
import { randomHex } from '../../../ts/store/random.ts';
import { cgroupHierarchies } from '../../../ts/system/cgroups.ts';
import { mountTable } from '../../../ts/system/mountTable.ts';
import { findStrayCgroups, removeEmptyCgroup } from '../../../ts/system/strayCgroups.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

describeWith({ root: true }, 'cgroups of rcx', () => {
  const folder = scratchDirectory();
  const { containers } = new Engine({ root: join(folder, 'root'), run: join(folder, 'run') });
  let id: string;
  let path: string;
  beforeEach(() => {
    id = randomHex(32);
    const [hierarchy] = cgroupHierarchies(mountTable());
    path = join(hierarchy?.path ?? '', 'rcx', id);
    mkdirSync(path, { recursive: true });
    utimesSync(path, 0, 0);
  });
  afterEach(() => {
    removeEmptyCgroup(path);
    try {
      rmdirSync(dirname(path));
    } catch {
      // Another store has containers.
    }
  });

  const strays = () => {
    const { leftovers, problems } = findStrayCgroups(containers);
    const isOwn = (text: string) => text.includes(id);
    return [leftovers.filter((each) => isOwn(each.path)), problems.filter((each) => isOwn(each.path))];
  };

  /** A process in the cgroup that has an overlay mounted, in a namespace of its own, whose upper layer is in `source`. */
  async function inhabit(source: string) {
    const [lower, upper, work, target] = [folder, join(source, 'upper'), join(source, 'work'), join(folder, 'target')];
    for (const each of [upper, work, target]) mkdirSync(each, { recursive: true });
    const options = `lowerdir=${lower},upperdir=${upper},workdir=${work}`;
    const script = `mount -t overlay -o ${options} overlay ${target} && echo mounted && exec sleep 1000`;
    const child = spawn('unshare', ['--mount', '--propagation', 'private', 'sh', '-c', script], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    writeFileSync(join(path, 'cgroup.procs'), String(child.pid));
    return child;
  }

  it('without a process are left over, once they are old enough to be nobody’s', () => {
    expect(strays()).toEqual([[expect.objectContaining({ kind: 'cgroup', path })], []]);
    utimesSync(path, new Date(), new Date());
    expect(strays()).toEqual([[], []]);
  });

  it('of a container are its own', () => {
    mkdirSync(containers.folder(id), { recursive: true });
    expect(strays()).toEqual([[], []]);
  });

  it('are removed with those below them, but for those that a process has entered', async () => {
    mkdirSync(join(path, 'inner'));
    expect(removeEmptyCgroup(path)).toBe(true);
    expect([existsSync(path), removeEmptyCgroup(path)]).toEqual([false, true]);
    mkdirSync(path, { recursive: true });
    const child = await inhabit(join(folder, 'elsewhere'));
    expect([removeEmptyCgroup(path), existsSync(path)]).toEqual([false, true]);
    child.kill('SIGKILL');
    await once(child, 'exit');
  });

  it('with processes are another store’s, unless these have their root in this one', async () => {
    const other = await inhabit(join(folder, 'elsewhere'));
    expect(strays()).toEqual([[], []]);
    const own = await inhabit(containers.folder(id));
    expect(strays()).toEqual([[], []]);
    rmSync(containers.folder(id), { recursive: true });
    expect(strays()).toEqual([[], [expect.objectContaining({ kind: 'processes', id })]]);
    removeCgroup(cgroupPath(id));
    await Promise.all([other, own].map((child) => child.exitCode ?? child.signalCode ?? once(child, 'exit')));
    expect(existsSync(path)).toBe(false);
  });
});
