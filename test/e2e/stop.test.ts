import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { expectNothingLeft, logged, ready, removeAll, STUBBORN, stateOf } from '../support/life.ts';

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

describe('rcx stop', () => {
  it('asks with SIGTERM, prints the name, and everything is over when it returns', async () => {
    const id = await ready(store, ['--name', 'obeys'], 'trap "exit 7" TERM; echo ready; while :; do sleep 0.05; done');
    expect(await store.ok(['stop', 'obeys'])).toBe('obeys\n');
    expect(stateOf(store, id)).toMatchObject({ status: 'exited', exitCode: 7, stopped: true });
    await expectNothingLeft(store, id);
  });

  it('kills what has not ended in time', async () => {
    const id = await ready(store, [], STUBBORN);
    expect(await timed(store.ok(['stop', '-t', '1', id]))).toBeGreaterThan(1000);
    expect(stateOf(store, id)).toMatchObject({ status: 'exited', exitCode: 137 });
    expect(await store.ok(['logs', id])).toContain('ignored');
  });

  it('kills at once with -t 0, and takes --time for --timeout', async () => {
    const [one, two] = [await ready(store, [], STUBBORN), await ready(store, [], STUBBORN)];
    expect(await timed(store.ok(['stop', '-t', '0', one]))).toBeLessThan(8000);
    expect(await timed(store.ok(['stop', '--time=0', two]))).toBeLessThan(8000);
    expect([stateOf(store, one).exitCode, stateOf(store, two).exitCode]).toEqual([137, 137]);
  });

  it('has the container’s own signal and timeout, by flags or by image', async () => {
    const script = 'trap "exit 3" USR1; trap "" TERM; echo ready; while :; do sleep 0.05; done';
    const id = await ready(store, ['--stop-signal', 'USR1'], script);
    await store.ok(['stop', id]);
    expect(stateOf(store, id)).toMatchObject({ exitCode: 3 });
    const slow = await ready(store, ['--stop-timeout', '1'], STUBBORN);
    expect(await timed(store.ok(['stop', slow]))).toBeLessThan(9000);
    await store.ok(['commit', '-c', 'STOPSIGNAL SIGUSR2', id, 'stops:2']);
    const other = script.replace('USR1', 'USR2');
    const third = (await store.ok(['run', '-d', 'stops:2', 'sh', '-c', other])).trimEnd();
    await logged(store, third, /ready/);
    await store.ok(['stop', third]);
    expect(stateOf(store, third)).toMatchObject({ exitCode: 3 });
  });

  it('takes another signal with -s, real-time ones too, and refuses what is none', async () => {
    const id = await ready(
      store,
      [],
      'trap "exit 5" RTMIN+3; trap "" TERM; echo ready; while :; do sleep 0.05; done'.replace('RTMIN+3', '37'),
    );
    expectFailure(await store.rcx(['stop', '-s', 'NONSENSE', id]), 1, /NONSENSE/);
    await store.ok(['stop', '-s', 'SIGRTMIN+3', id]);
    expect(stateOf(store, id)).toMatchObject({ exitCode: 5 });
  });

  it('leaves alone what does not run, and does the rest when one is missing', async () => {
    const id = await ready(store, ['--name', 'runs']);
    await store.ok(['create', '--name', 'made', 'ubuntu', 'true']);
    const outcome = await store.rcx(['stop', 'made', 'no-such', 'runs']);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: 'made\nruns\n' });
    expect(outcome.stderr).toMatch(/^rcx: .*no such container: no-such.*\n$/);
    expect(await store.ok(['stop', 'runs'])).toBe('runs\n');
    expect(stateOf(store, id).status).toBe('exited');
  });

  it('ends with the container, whoever ends it, also with -t -1', async () => {
    const id = await ready(store, [], STUBBORN);
    expect(await store.ok(['run', '--rm', '--stop-timeout', '-1', 'ubuntu', 'echo', 'patient'])).toBe('patient\n');
    const patient = store.rcx(['stop', '-t', '-1', id]);
    await logged(store, id, /ignored/);
    await store.ok(['kill', id]);
    expect(await patient).toMatchObject({ exitCode: 0, stdout: `${id}\n` });
  });

  it('is told by one whose --rm takes the container away', async () => {
    const id = await ready(store, ['--rm', '--name', 'going']);
    expect(await store.ok(['stop', 'going'])).toBe('going\n');
    expect(await store.ok(['ps', '-aq'])).toBe('');
    await expectNothingLeft(store, id, { gone: true });
  });
});
