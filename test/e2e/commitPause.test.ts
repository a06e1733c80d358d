import { readdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { beforeEach, describe, expect, it } from 'vitest';
import { cgroupsOf, isFrozen } from '../support/cgroups.ts';
import { newStore, type Store } from '../support/cli.ts';
import { stateOf } from '../support/life.ts';
import { processesUsing, waitUntil } from '../support/processes.ts';
import { wreckage } from '../support/wreckage.ts';

let store: Store;
beforeEach(async () => {
  store = await newStore({ images: true });
  return () => store.close();
});

/** Starts a container that replaces `/beat` again and again; returns its id and the rcx that runs it. */
async function beating(before = 'true') {
  const script = `${before}; while :; do date +%s%N > /next; mv /next /beat; sleep 0.01; done`;
  const run = store.start(['run', '--name', 'beats', '--init', 'ubuntu', 'sh', '-c', `${script} & echo ready; wait`]);
  await new Promise((resolve) => run.stdout.once('data', resolve));
  const id = (await store.ok(['ps', '-q', '--no-trunc'])).trim();
  await waitUntil(() => beat(id) !== '');
  return { id, run };
}

function beat(id: string): string {
  try {
    return readFileSync(join(store.root, 'containers', id, 'upper/beat'), 'utf8');
  } catch {
    return '';
  }
}

/** Waits until the container has written something new. */
async function expectBeating(id: string): Promise<void> {
  const before = beat(id);
  await waitUntil(() => !['', before].includes(beat(id)), { what: 'the container goes on' });
  expect(isFrozen(id)).toBe(false);
}

/** What takes longer to read than any test: a file without blocks. */
const HUGE = 'truncate -s 64G /huge';

/** Starts a commit and waits until it reads the container's files. */
async function startCommit(...flags: string[]) {
  const commit = store.start(['commit', ...flags, 'beats', 'half']);
  await waitUntil(() => wreckage(store.root).length > 0, { what: 'the commit writes its layer' });
  return { commit };
}

async function expectNothingCommitted(): Promise<void> {
  expect(await store.rcx(['image', 'inspect', 'half'])).toMatchObject({ exitCode: 1 });
  expect(readdirSync(join(store.root, 'layers')).filter((name) => name.startsWith('.tmp-'))).toEqual([]);
}

/** Takes the cgroups away, as the machine's end does; false while the last process is not quite gone. */
function removeCgroups(id: string): boolean {
  try {
    for (const cgroup of cgroupsOf(id)) rmdirSync(cgroup);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EBUSY') return false;
    throw error;
  }
}

describe('a container that runs', () => {
  it('can be committed, several times at once, and goes on', async () => {
    const { id } = await beating();
    const names = ['one', 'two', 'three'];
    await Promise.all(names.map((name) => store.ok(['commit', 'beats', name])));
    await expectBeating(id);
    for (const name of names) {
      expect(await store.ok(['run', '--rm', name, 'cat', '/beat'])).toMatch(/^\d+\n$/);
    }
    expect(readdirSync(join(store.root, 'containers', id))).not.toContain('standstill.lock');
    await store.ok(['rm', '-f', 'beats']);
  });

  it('stands still while its files are read, and goes on when whoever reads them is interrupted', async () => {
    const { id } = await beating(HUGE);
    const { commit } = await startCommit();
    await waitUntil(() => isFrozen(id));
    const before = beat(id);
    await sleep(200);
    expect(beat(id)).toBe(before);
    commit.kill('SIGINT');
    expect(await commit).toMatchObject({ signal: 'SIGINT', stdout: '', stderr: '' });
    await expectBeating(id);
    await expectNothingCommitted();
    expect(wreckage(store.root)).toEqual([]);
    await store.ok(['rm', '-f', 'beats']);
  });

  it.each(['--pause=false', '--no-pause', '-p=0'])('does not stand still with %s', async (flag) => {
    const { id } = await beating(HUGE);
    const { commit } = await startCommit(flag);
    await expectBeating(id);
    await expectBeating(id);
    expect(commit.exitCode).toBeNull();
    commit.kill('SIGTERM');
    expect(await commit).toMatchObject({ signal: 'SIGTERM' });
    await store.ok(['rm', '-f', 'beats']);
  });
});

describe('kill -9 of a commit', () => {
  it('leaves the container standing until any command sees it', async () => {
    const { id } = await beating(HUGE);
    const { commit } = await startCommit();
    await waitUntil(() => isFrozen(id));
    commit.kill('SIGKILL');
    await commit;
    expect(isFrozen(id)).toBe(true);
    expect(await store.ok(['ps'])).toMatch(/ Up .*beats/);
    await expectBeating(id);
    await expectNothingCommitted();
    await store.ok(['rm', '-f', 'beats']);
  });

  it('and of the monitor of the container leave nothing that cannot be removed', async () => {
    const { id, run } = await beating(HUGE);
    const { commit } = await startCommit();
    await waitUntil(() => isFrozen(id));
    commit.kill('SIGKILL');
    await commit;
    process.kill(stateOf(store, id).owner.pid, 'SIGKILL');
    await run;
    // What the freezer has stopped does not die until somebody looks.
    expect(await store.ok(['ps', '-a'])).toMatch(/Exited.*beats/);
    await waitUntil(() => processesUsing(store.root).length === 0);
    await store.ok(['rm', 'beats']);
    expect(cgroupsOf(id)).toEqual([]);
  });

  it('before the machine went down is no obstacle to what comes after', async () => {
    const { id, run } = await beating();
    process.kill(stateOf(store, id).owner.pid, 'SIGKILL');
    await run;
    await waitUntil(() => processesUsing(store.root).length === 0);
    writeFileSync(join(store.root, 'containers', id, 'standstill.lock'), '');
    await waitUntil(() => removeCgroups(id));
    expect(await store.ok(['ps', '-a'])).toMatch(/Exited.*beats/);
    expect(await store.ok(['commit', 'beats', 'whole'])).toMatch(/^sha256:/);
    await store.ok(['rm', 'beats']);
  });
});
