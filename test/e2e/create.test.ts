import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { removeAll, stateOf } from '../support/life.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

const create = async (...words: string[]) => (await store.ok(['create', ...words])).trimEnd();

describe('rcx create', () => {
  it('prints the id of a container whose program does not run', async () => {
    const id = await create('--name', 'made', 'ubuntu', 'echo', 'hi');
    expect(id).toMatch(/^[0-9a-f]{64}$/);
    expect(stateOf(store, id)).toMatchObject({ status: 'created' });
    expect(await store.ok(['ps', '-q'])).toBe('');
    expect(await store.ok(['ps', '-a'])).toMatch(/"echo hi" .*Created .*made/);
  });

  it('takes the flags of run, and refuses what run refuses', async () => {
    await create(
      '--name',
      'flagged',
      '-e',
      'A=b',
      '-w',
      '/srv',
      '-u',
      '1000',
      'ubuntu',
      'sh',
      '-c',
      'echo $A $PWD; id -u',
    );
    expect(await store.ok(['start', '-a', 'flagged'])).toBe('b /srv\n1000\n');
    expectFailure(await store.rcx(['create', '--name', 'flagged', 'ubuntu']), 1, /flagged is already the name of/);
    expectFailure(await store.rcx(['create', '--pull', 'never', 'no-such']), 1, /no-such/);
    expectFailure(await store.rcx(['create', '--no-such-flag', 'ubuntu']), 125, /no-such-flag/);
  });
});
