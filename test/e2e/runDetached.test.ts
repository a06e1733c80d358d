import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { becomes, detached, endOf, logged, removeAll, stateOf } from '../support/life.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

describe('rcx run -d', () => {
  it('prints the id once the program runs, and does not wait for it', async () => {
    const id = await detached(store, ['--name', 'back']);
    expect(stateOf(store, id)).toMatchObject({ status: 'running' });
    expect(await store.ok(['ps'])).toMatch(/Up .*back/);
  });

  it('fails when the program cannot be run, with run’s exit codes', async () => {
    const missing = await store.rcx(['run', '-d', '--name', 'bad', 'ubuntu', 'no-such-program']);
    expectFailure({ ...missing, stdout: '' }, 127, /no-such-program/);
    expect(await store.rcx(['run', '-d', '--rm', 'ubuntu', '/etc/passwd'])).toMatchObject({ exitCode: 126 });
    expect(await store.ok(['ps', '-aq', '--no-trunc'])).toMatch(/^[0-9a-f]{64}\n$/);
  });

  it('keeps the output and the exit code for later', async () => {
    const id = await detached(store, [], 'echo out; echo err >&2; exit 9');
    expect(await endOf(store, id)).toBe(9);
    expect(await becomes(store, id, 'exited')).toMatchObject({ exitCode: 9 });
    expect(await store.rcx(['logs', id])).toMatchObject({ exitCode: 0, stdout: 'out\n', stderr: 'err\n' });
  });

  it('has an empty stdin without -i, and an open one with it', async () => {
    expect(await endOf(store, await detached(store, [], 'cat'))).toBe(0);
    const open = await detached(store, ['-i'], 'echo ready; cat');
    await logged(store, open, /ready/);
    expect(stateOf(store, open).status).toBe('running');
  });

  it('removes the container at its end with --rm', async () => {
    const id = await detached(store, ['--rm'], 'sleep 0.2; exit 5');
    // Nobody but who waits already can learn the code.
    await store.rcx(['wait', id]);
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('works with a terminal that nobody looks at', async () => {
    const id = await detached(store, ['-t'], 'tty; stty size');
    await endOf(store, id);
    expect(await store.ok(['logs', id])).toMatch(/^\/dev\/pts\/0\r\n\d+ \d+\r\n$/);
  });

  it('outlives its children’s parents: what PID 1 leaves running is ended with it', async () => {
    const id = await detached(store, [], 'setsid sleep 300 & (sleep 300 &) ; exit 6');
    expect(await endOf(store, id)).toBe(6);
  });

  it('runs a program that closes its streams', async () => {
    const id = await detached(store, [], 'exec 0<&- 1>&- 2>&-; sleep 0.3; exit 8');
    expect(await endOf(store, id)).toBe(8);
    expect(await store.ok(['logs', id])).toBe('');
  });
});
