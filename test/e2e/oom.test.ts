import { existsSync, readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { becomes, detached, endOf, ready, removeAll, stateOf } from '../support/life.ts';
import { waitUntil } from '../support/processes.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

/** How often it was said that the kernel has killed something of a container. */
async function oomEvents(id: string): Promise<number> {
  const flags = ['--since', '1h', '--until', '0s', '--filter', `container=${id}`, '--filter', 'event=oom'];
  return (await store.ok(['events', ...flags, '--format', '{{.Action}}'])).split('\n').filter((line) => line !== '')
    .length;
}

/** Takes more memory than there is. */
const GREEDY = 'perl -e "\\$x = q(x) x 300000000; print q(enough)"';

describe('a container that wants more memory than it has', () => {
  it('waits with --oom-kill-disable where cgroup v1 limits memory, and elsewhere is not made', async () => {
    const flags = ['-m', '32m', '--oom-kill-disable'];
    if (!existsSync('/sys/fs/cgroup/memory')) {
      expectFailure(await store.rcx(['run', ...flags, 'ubuntu', 'true']), 125, /--oom-kill-disable: only cgroup v1/);
      return;
    }
    const id = await detached(store, flags, `exec ${GREEDY}`);
    const waits = () => readFileSync(`/sys/fs/cgroup/memory/rcx/${id}/memory.oom_control`, 'utf8');
    await expect.poll(waits).toMatch(/^oom_kill_disable 1\nunder_oom 1\n/);
    expect(stateOf(store, id).status).toBe('running');
    expect(await store.ok(['inspect', '-f', '{{.HostConfig.OomKillDisable}}', id])).toBe('true\n');
  });

  it('is killed, with 137, and it is known why', async () => {
    const id = await detached(store, ['-m', '32m'], `exec ${GREEDY}`);
    expect(await endOf(store, id)).toBe(137);
    expect(await becomes(store, id, 'exited')).toMatchObject({ exitCode: 137, oomKilled: true });
  });

  it('has its exit code in the foreground, too', async () => {
    const outcome = await store.rcx(['run', '--rm', '-m', '32m', 'ubuntu', 'sh', '-c', `exec ${GREEDY}`]);
    expect(outcome).toMatchObject({ exitCode: 137, signal: undefined, stdout: '' });
  });

  it('goes on when it was a child that was killed', async () => {
    const id = await ready(store, ['-m', '32m'], `${GREEDY}; echo ready; exec sleep 300`);
    // It is known at once, and not only when the container ends.
    await waitUntil(() => stateOf(store, id).oomKilled === true);
    expect(await store.ok(['inspect', '-f', '{{.State.Status}} {{.State.OOMKilled}}', id])).toBe('running true\n');
    expect(await oomEvents(id)).toBe(1);
    // What was executed from outside counts the same, and its exit code says what happened.
    expect(await store.rcx(['exec', id, 'sh', '-c', `exec ${GREEDY}`])).toMatchObject({ exitCode: 137 });
    await waitUntil(async () => (await oomEvents(id)) === 2);
    await store.ok(['stop', '-t', '0', id]);
    expect(stateOf(store, id)).toMatchObject({ exitCode: 137, oomKilled: true });
    expect(await oomEvents(id)).toBe(2);
  });

  it('is heard of when it got its limit while it ran', async () => {
    const id = await ready(store, [], `echo ready; until [ -e /go ]; do sleep 0.1; done; ${GREEDY}; exec sleep 300`);
    await store.ok(['update', '-m', '32m', id]);
    await store.ok(['exec', id, 'touch', '/go']);
    await waitUntil(() => stateOf(store, id).oomKilled === true);
    expect(await oomEvents(id)).toBe(1);
    expect(stateOf(store, id).status).toBe('running');
  });

  it('is said once, also of one whose program it was', async () => {
    const id = await detached(store, ['-m', '32m'], `exec ${GREEDY}`);
    expect(await endOf(store, id)).toBe(137);
    await becomes(store, id, 'exited');
    expect(await oomEvents(id)).toBe(1);
    // Of the next run nothing is known yet.
    await store.ok(['start', id]);
    expect(await endOf(store, id)).toBe(137);
    await waitUntil(async () => (await oomEvents(id)) === 2);
  });

  it('is not said of one that was killed for another reason', async () => {
    const id = await ready(store, ['-m', '32m']);
    await store.ok(['kill', id]);
    expect(await endOf(store, id)).toBe(137);
    expect(stateOf(store, id).oomKilled ?? false).toBe(false);
  });
});
