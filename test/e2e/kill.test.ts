import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { endOf, ready, removeAll, STUBBORN } from '../support/life.ts';
import { NO_CGROUP, rootOnly } from '../support/rootOnly.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

describe('rcx kill', () => {
  it('kills at once unless told otherwise', async () => {
    const id = await ready(store, ['--name', 'stubborn'], STUBBORN);
    expect(await store.ok(['kill', 'stubborn'])).toBe('stubborn\n');
    expect(await endOf(store, id)).toBe(137);
  });

  it.each(['USR1', 'SIGUSR1', 'sigusr1', '10'])('sends -s %s', async (signal) => {
    const id = await ready(store, [], 'trap "echo got; exit 6" USR1; echo ready; while :; do sleep 0.05; done');
    await store.ok(['kill', '-s', signal, id]);
    expect(await endOf(store, id)).toBe(6);
    expect(await store.ok(['logs', id])).toBe('ready\ngot\n');
  });

  it('fails where nothing runs, and for what is no signal', async () => {
    await store.ok(['create', '--name', 'made', 'ubuntu', 'true']);
    expectFailure(await store.rcx(['kill', 'made']), 1, /made: it is not running/);
    expectFailure(await store.rcx(['kill', 'no-such']), 1, /no such container/);
    const id = await ready(store, []);
    expectFailure(await store.rcx(['kill', '-s', 'NOPE', id]), 1, /NOPE/);
    expectFailure(await store.rcx(['kill', '-s', '0', id]), 1, /0/);
  });

  rootOnly(NO_CGROUP, 'reaches several, and one that is paused', async () => {
    const ids = [await ready(store, []), await ready(store, [])];
    await store.ok(['pause', ...ids]);
    expect(await store.ok(['kill', ...ids])).toBe(ids.map((id) => `${id}\n`).join(''));
    for (const id of ids) expect(await endOf(store, id)).toBe(137);
  });
});
