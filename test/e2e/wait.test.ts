import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { descriptorsOf, detached, ready, removeAll, stateOf } from '../support/life.ts';
import { isRunning, waitUntil } from '../support/processes.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

describe('rcx wait', () => {
  it('prints the exit codes of several in the order they were named in', async () => {
    const slow = await detached(store, [], 'sleep 0.5; exit 4');
    const fast = await detached(store, [], 'exit 5');
    expect(await store.ok(['wait', slow, fast])).toBe('4\n5\n');
    // Of what has ended long ago, too.
    expect(await store.ok(['wait', fast, slow])).toBe('5\n4\n');
  });

  it('waits for the end of one that runs', async () => {
    const id = await ready(store, ['--name', 'runs'], 'trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done');
    const waiting = store.start(['wait', 'runs']);
    await store.ok(['exec', id, 'true']);
    expect(isRunning(waiting.pid ?? 0)).toBe(true);
    await store.ok(['stop', id]);
    expect(await waiting).toMatchObject({ exitCode: 0, stdout: '3\n' });
  });

  it('says 128 + n of a signal, 0 of what never ran', async () => {
    const id = await ready(store, []);
    const waiting = store.rcx(['wait', id]);
    await store.ok(['kill', id]);
    expect(await waiting).toMatchObject({ stdout: '137\n' });
    const made = (await store.ok(['create', 'ubuntu', 'true'])).trimEnd();
    expect(await store.ok(['wait', made])).toBe('0\n');
  });

  it('learns the code of one that is removed at its end, if it was there before', async () => {
    const id = await ready(store, ['--rm'], 'trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done');
    const monitor = stateOf(store, id).owner.pid;
    const before = descriptorsOf(monitor);
    const waiting = store.start(['wait', id]);
    await waitUntil(() => descriptorsOf(monitor) > before);
    await store.ok(['stop', id]);
    expect(await waiting).toMatchObject({ exitCode: 0, stdout: '3\n' });
  });

  it('fails for what is not there, and waits for the rest', async () => {
    const id = await detached(store, [], 'exit 2');
    const outcome = await store.rcx(['wait', 'no-such', id]);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '2\n' });
    expect(outcome.stderr).toMatch(/^rcx: .*no such container: no-such.*\n$/);
    expectFailure(await store.rcx(['wait']), 125, /missing/);
  });

  it('waits through restarts until it is not run again', async () => {
    const id = await detached(store, ['--restart', 'on-failure:2'], 'echo run; exit 3');
    expect(await store.ok(['wait', id])).toBe('3\n');
    expect(await store.ok(['logs', id])).toBe('run\nrun\nrun\n');
  });
});
