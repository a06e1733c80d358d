import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { becomes, detached, endOf, expectNothingLeft, logged, ready, removeAll, stateOf } from '../support/life.ts';
import { waitUntil } from '../support/processes.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

/** Waits until a container was run again so often. */
async function restarted(id: string, count: number) {
  const done = () => stateOf(store, id).status === 'running' && (stateOf(store, id).restartCount ?? 0) >= count;
  await waitUntil(done, { timeout: 30_000, what: `${id} to be run again ${count} times` });
  return stateOf(store, id);
}

/** Kills the container's program, as a fault of its own would. */
function crash(id: string): void {
  process.kill(stateOf(store, id).process?.pid ?? 0, 'SIGKILL');
}

describe('--restart on-failure', () => {
  it('runs a program that fails again, so often', async () => {
    const id = await detached(store, ['--restart', 'on-failure:2'], 'echo run; exit 3');
    expect(await endOf(store, id)).toBe(3);
    expect(await becomes(store, id, 'exited')).toMatchObject({ exitCode: 3, restartCount: 2 });
    expect(await store.ok(['logs', id])).toBe('run\nrun\nrun\n');
    await expectNothingLeft(store, id);
  });

  it('counts anew when somebody starts it', async () => {
    const id = await detached(store, ['--restart', 'on-failure:1'], 'echo run; exit 3');
    await endOf(store, id);
    await store.ok(['start', id]);
    await endOf(store, id);
    expect(await becomes(store, id, 'exited')).toMatchObject({ restartCount: 1 });
    expect(await store.ok(['logs', id])).toBe('run\n'.repeat(4));
  });

  it('leaves one alone that has ended well, or was killed by somebody', async () => {
    const well = await detached(store, ['--restart', 'on-failure'], 'echo run; exit 0');
    expect(await endOf(store, well)).toBe(0);
    expect(await store.ok(['logs', well])).toBe('run\n');
    const killed = await ready(store, ['--restart', 'on-failure']);
    await store.ok(['kill', killed]);
    expect(await endOf(store, killed)).toBe(137);
  });

  it('takes a crash for a failure', async () => {
    const id = await ready(store, ['--restart', 'on-failure']);
    crash(id);
    await restarted(id, 1);
  });
});

describe('--restart always and unless-stopped', () => {
  it.each(['always', 'unless-stopped'])('%s: runs it again however it ends, until it is stopped', async (policy) => {
    const id = await ready(store, ['--restart', policy], 'trap "exit 0" TERM; echo ready; sleep 0.2 & wait; exit 0');
    await restarted(id, 2);
    await store.ok(['stop', id]);
    const { restartCount } = stateOf(store, id);
    expect(stateOf(store, id)).toMatchObject({ status: 'exited', stopped: true });
    await expectNothingLeft(store, id);
    expect(stateOf(store, id).restartCount).toBe(restartCount);
    await store.ok(['start', id]);
    await restarted(id, 1);
  });

  it('waits longer from time to time', async () => {
    const script = 'cut -d " " -f 1 /proc/uptime; exit 1';
    const id = await detached(store, ['--restart', 'always'], script);
    const text = await logged(store, id, /(\d+\.\d+\n){5}/);
    const times = text.trimEnd().split('\n').map(Number);
    const waits = times.slice(1).map((time, at) => time - (times[at] ?? 0));
    // 100, 200, 400, 800 ms and what it takes to launch.
    for (const [at, least] of [0.09, 0.19, 0.39, 0.79].entries()) expect(waits[at]).toBeGreaterThanOrEqual(least);
  });

  it('is stopped, killed for good or removed while it waits', async () => {
    const waiting = async () => {
      const id = await detached(store, ['--restart', 'always'], 'exit 1');
      // Three restarts on, it waits for most of the time.
      await waitUntil(() => (stateOf(store, id).restartCount ?? 0) >= 3, { timeout: 30_000 });
      await becomes(store, id, 'restarting');
      return id;
    };
    const stopped = await waiting();
    await store.ok(['stop', stopped]);
    expect(stateOf(store, stopped)).toMatchObject({ status: 'exited', exitCode: 1 });
    await expectNothingLeft(store, stopped);
    const removed = await waiting();
    expectFailure(await store.rcx(['rm', removed]), 1, /run again/);
    await store.ok(['rm', '-f', removed]);
    await expectNothingLeft(store, removed, { gone: true });
  });

  it('keeps the terminal’s or pipes’ readers connected over restarts', async () => {
    const run = store.start(['run', '--restart', 'on-failure:2', 'ubuntu', 'sh', '-c', 'echo run; exit 4']);
    expect(await run).toMatchObject({ exitCode: 4, stdout: 'run\nrun\nrun\n' });
  });

  it('is not for a program that cannot be run at all', async () => {
    const outcome = await store.rcx(['run', '-d', '--restart', 'always', 'ubuntu', 'no-such-program']);
    expect(outcome).toMatchObject({ exitCode: 127, stderr: expect.stringMatching(/no-such-program/) });
    expect(await store.ok(['ps', '-q'])).toBe('');
  });
});

describe('--restart', () => {
  it('refuses what makes no sense', async () => {
    const run = (...flags: string[]) => store.rcx(['run', ...flags, 'ubuntu', 'true']);
    expectFailure(await run('--rm', '--restart', 'always'), 125, /--restart or --rm/);
    for (const policy of ['sometimes', 'always:3', 'on-failure:x', 'on-failure:-1', 'on-failure:1:2']) {
      expectFailure(await run('--restart', policy), 125, /restart/);
    }
    expect(await run('--rm', '--restart', 'no')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });
});
