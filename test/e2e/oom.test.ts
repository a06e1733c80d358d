import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { becomes, detached, endOf, ready, removeAll, stateOf } from '../support/life.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

/** Takes more memory than there is. */
const GREEDY = 'perl -e "\\$x = q(x) x 300000000; print q(enough)"';

describe('a container that wants more memory than it has', () => {
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
    expect(stateOf(store, id).status).toBe('running');
    // What was executed from outside counts the same, and its exit code says what happened.
    expect(await store.rcx(['exec', id, 'sh', '-c', `exec ${GREEDY}`])).toMatchObject({ exitCode: 137 });
    await store.ok(['stop', '-t', '0', id]);
    expect(stateOf(store, id)).toMatchObject({ exitCode: 137 });
  });

  it('is not said of one that was killed for another reason', async () => {
    const id = await ready(store, ['-m', '32m']);
    await store.ok(['kill', id]);
    expect(await endOf(store, id)).toBe(137);
    expect(stateOf(store, id).oomKilled ?? false).toBe(false);
  });
});
