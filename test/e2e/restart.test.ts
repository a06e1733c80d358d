import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { newStore, type Store } from '../support/cli.ts';
import { becomes, detached, ready, removeAll, STUBBORN, stateOf } from '../support/life.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

async function timed<T>(body: Promise<T>): Promise<number> {
  const begin = performance.now();
  await body;
  return performance.now() - begin;
}

describe('rcx restart', () => {
  it('stops and starts what runs, and starts what does not', async () => {
    const id = await ready(store, ['--name', 'again']);
    const before = stateOf(store, id);
    expect(await store.ok(['restart', 'again'])).toBe('again\n');
    const after = stateOf(store, id);
    expect(after).toMatchObject({ status: 'running' });
    expect(after.process).not.toEqual(before.process);
    expect(after.stopped).toBeUndefined();
    await store.ok(['create', '--name', 'made', 'ubuntu', 'sleep', '300']);
    expect(await store.ok(['restart', 'made'])).toBe('made\n');
    expect(await store.ok(['ps'])).toMatch(/made/);
  });

  it('gives it time as stop does: -t, -s', async () => {
    const id = await ready(store, [], STUBBORN);
    expect(await timed(store.ok(['restart', '-t', '0', id]))).toBeLessThan(8000);
    await store.ok(['restart', '-s', 'KILL', id]);
    expect(await becomes(store, id, 'running')).toBeDefined();
  });

  it('fails for what is not there, and does the rest', async () => {
    const id = await detached(store, []);
    const outcome = await store.rcx(['restart', '-t', '0', 'no-such', id]);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: `${id}\n` });
  });
});
