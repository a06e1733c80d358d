import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isFrozen } from '../support/cgroups.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { endOf, expectNothingLeft, logged, ready, removeAll, stateOf } from '../support/life.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

describe('rcx pause and unpause', () => {
  it('stop everything where it is, and let it go on', async () => {
    const id = await ready(
      store,
      ['--name', 'busy'],
      'echo ready; n=0; while :; do n=$((n+1)); echo $n; sleep 0.01; done',
    );
    expect(await store.ok(['pause', 'busy'])).toBe('busy\n');
    expect(isFrozen(id)).toBe(true);
    const before = await store.ok(['logs', 'busy']);
    expect(await store.ok(['logs', 'busy'])).toBe(before);
    expect(await store.ok(['unpause', 'busy'])).toBe('busy\n');
    const next = Number(before.trimEnd().split('\n').at(-1)) + 20;
    await logged(store, id, new RegExp(`^${next}$`, 'm'));
  });

  it('fail when there is nothing to do, with nothing changed', async () => {
    await ready(store, ['--name', 'one']);
    expectFailure(await store.rcx(['unpause', 'one']), 1, /one: it is not paused/);
    await store.ok(['pause', 'one']);
    expectFailure(await store.rcx(['pause', 'one']), 1, /one: it is (already )?paused/);
    await store.ok(['create', '--name', 'made', 'ubuntu', 'true']);
    expectFailure(await store.rcx(['pause', 'made']), 1, /made: it is not running/);
    expectFailure(await store.rcx(['unpause', 'made']), 1, /made: it is not running/);
    expectFailure(await store.rcx(['pause', 'no-such']), 1, /no such container/);
  });

  it('do several', async () => {
    const ids = [await ready(store, []), await ready(store, [])];
    const lines = ids.map((id) => `${id}\n`).join('');
    expect(await store.ok(['pause', ...ids])).toBe(lines);
    expect(ids.map((id) => isFrozen(id))).toEqual([true, true]);
    expect(await store.ok(['unpause', ...ids])).toBe(lines);
    expect(ids.map((id) => isFrozen(id))).toEqual([false, false]);
  });
});

describe('a paused container', () => {
  it('takes no exec and nobody who attaches', async () => {
    await ready(store, ['--name', 'still']);
    await store.ok(['pause', 'still']);
    expectFailure(await store.rcx(['exec', 'still', 'true']), 1, /still: it is paused; .*rcx unpause still/);
    expectFailure(await store.rcx(['attach', 'still']), 1, /still: it is paused; .*rcx unpause still/);
  });

  it('can be stopped: it goes on, and ends as asked', async () => {
    const id = await ready(store, [], 'trap "exit 3" TERM; echo ready; while :; do sleep 0.05; done');
    await store.ok(['pause', id]);
    await store.ok(['stop', id]);
    expect(stateOf(store, id)).toMatchObject({ status: 'exited', exitCode: 3 });
    await expectNothingLeft(store, id);
  });

  it('can be killed, restarted, and removed by force, but not without', async () => {
    const id = await ready(store, []);
    await store.ok(['pause', id]);
    await store.ok(['restart', id]);
    expect(isFrozen(id)).toBe(false);
    await store.ok(['pause', id]);
    await store.ok(['kill', id]);
    expect(await endOf(store, id)).toBe(137);
    await store.ok(['start', id]);
    await store.ok(['pause', id]);
    expectFailure(await store.rcx(['rm', id]), 1, /running|paused/);
    await store.ok(['rm', '-f', id]);
    await expectNothingLeft(store, id, { gone: true });
  });

  it('keeps a signal until it goes on', async () => {
    const id = await ready(store, [], 'trap "echo got; exit 6" USR1; echo ready; while :; do sleep 0.05; done');
    await store.ok(['pause', id]);
    await store.ok(['kill', '-s', 'USR1', id]);
    expect(isFrozen(id)).toBe(true);
    await store.ok(['unpause', id]);
    expect(await endOf(store, id)).toBe(6);
  });
});
