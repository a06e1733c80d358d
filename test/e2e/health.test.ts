import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { OBEYS, ready, removeAll, stateOf } from '../support/life.ts';
import { waitUntil } from '../support/processes.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

interface Report {
  Status: string;
  FailingStreak: number;
  Log: { Start: string; End: string; ExitCode: number; Output: string }[];
}

/** What the monitor says of the last checks. */
function report(id: string): Report | undefined {
  const path = join(store.env.RCX_RUN ?? '', id, 'health.json');
  return existsSync(path) ? JSON.parse(readFileSync(path, 'utf8')) : undefined;
}

async function healthBecomes(id: string, health: string): Promise<void> {
  await waitUntil(() => stateOf(store, id).health === health, { timeout: 30_000, what: `${id} to be ${health}` });
}

const QUICK = ['--health-interval', '100ms'];

describe('a health check', () => {
  it('says starting, healthy and unhealthy, and keeps the last five results', async () => {
    const flags = ['--health-cmd', 'echo checked; test -e /well', ...QUICK, '--health-retries', '2'];
    const id = await ready(store, [...flags, '--health-start-period', '1m', '--health-start-interval', '100ms']);
    expect(stateOf(store, id).health).toBe('starting');
    await waitUntil(() => (report(id)?.Log.length ?? 0) >= 3, { timeout: 30_000 });
    // In the start period failures do not count.
    expect(report(id)).toMatchObject({ Status: 'starting', FailingStreak: 0 });
    await store.ok(['exec', id, 'touch', '/well']);
    await healthBecomes(id, 'healthy');
    await store.ok(['exec', id, 'rm', '/well']);
    await healthBecomes(id, 'unhealthy');
    await waitUntil(() => report(id)?.Log.length === 5, { timeout: 30_000 });
    const last = report(id)?.Log.at(-1);
    expect(last).toMatchObject({ ExitCode: 1, Output: 'checked\n' });
    expect(last?.Start).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
    expect(report(id)?.FailingStreak).toBeGreaterThanOrEqual(2);
    // It is unhealthy, and runs all the same.
    expect(stateOf(store, id).status).toBe('running');
  });

  it('is the image’s, unless flags say otherwise', async () => {
    const made = await ready(store, ['--name', 'made']);
    const change = 'HEALTHCHECK --interval=100ms --retries=1 CMD test -e /no-such-file';
    await store.ok(['commit', '-c', change, made, 'checked:1']);
    const run = async (...flags: string[]) =>
      (await store.ok(['run', '-d', ...flags, 'checked:1', 'sh', '-c', OBEYS])).trimEnd();
    await healthBecomes(await run(), 'unhealthy');
    await healthBecomes(await run('--health-cmd', 'true'), 'healthy');
    const none = await run('--no-healthcheck');
    await store.ok(['exec', none, 'sleep', '0.3']);
    expect([stateOf(store, none).health, report(none)]).toEqual([undefined, undefined]);
    // Parts of it.
    const patient = await run('--health-retries', '1000000');
    await waitUntil(() => (report(patient)?.FailingStreak ?? 0) >= 3, { timeout: 30_000 });
    expect(stateOf(store, patient).health).toBe('starting');
  });

  it('that takes too long is killed, with all it has started in the foreground, and counts as failed', async () => {
    const flags = ['--health-cmd', 'echo begun; exec sleep 300', ...QUICK, '--health-timeout', '200ms'];
    const id = await ready(store, [...flags, '--health-retries', '1']);
    await healthBecomes(id, 'unhealthy');
    expect(report(id)?.Log[0]).toMatchObject({
      ExitCode: -1,
      Output: expect.stringMatching(/exceeded timeout \(0\.2s\)/),
    });
    const sleepers = async () => (await store.ok(['exec', id, 'sh', '-c', 'pgrep -fc "sleep 300" || true'])).trim();
    // At most the one that is running now.
    expect(Number(await sleepers())).toBeLessThanOrEqual(2);
  });

  it('runs as the container does, and leaves no zombies and descriptors', async () => {
    const check = 'id -u; pwd; echo $A; grep -c Seccomp:.2 /proc/self/status';
    const id = await ready(store, ['--health-cmd', check, ...QUICK, '-u', '1000', '-w', '/srv', '-e', 'A=b']);
    await healthBecomes(id, 'healthy');
    expect(report(id)?.Log[0]).toMatchObject({ ExitCode: 0, Output: '1000\n/srv\nb\n1\n' });
    await waitUntil(() => report(id)?.Log.length === 5, { timeout: 30_000 });
    const monitor = stateOf(store, id).owner.pid;
    const children = readFileSync(`/proc/${monitor}/task/${monitor}/children`, 'utf8').trim().split(' ');
    // The init, and perhaps a check that runs.
    expect(children.length).toBeLessThanOrEqual(3);
  });

  it('waits while the container is paused, and ends with it', async () => {
    const id = await ready(store, ['--health-cmd', 'true', ...QUICK]);
    await healthBecomes(id, 'healthy');
    await store.ok(['pause', id]);
    const before = report(id)?.Log.at(-1)?.Start;
    await store.ok(['ps']);
    await store.ok(['unpause', id]);
    await waitUntil(() => report(id)?.Log.at(-1)?.Start !== before, { timeout: 30_000 });
    expect(report(id)).toMatchObject({ Status: 'healthy', FailingStreak: 0 });
    await store.ok(['stop', id]);
    expect(report(id)).toBeUndefined();
    await store.ok(['start', id]);
    await healthBecomes(id, 'healthy');
  });

  it('that cannot be run is a failed one', async () => {
    const made = await ready(store, ['--name', 'made']);
    await store.ok([
      'commit',
      '-c',
      'HEALTHCHECK --interval=100ms --retries=1 CMD ["/no-such-program"]',
      made,
      'checked:2',
    ]);
    const id = (await store.ok(['run', '-d', 'checked:2', 'sh', '-c', OBEYS])).trimEnd();
    await healthBecomes(id, 'unhealthy');
    expect(report(id)?.Log[0]?.Output).toMatch(/no-such-program/);
  });

  it('is refused when it makes no sense', async () => {
    const run = (...flags: string[]) => store.rcx(['run', '--rm', ...flags, 'ubuntu', 'true']);
    expectFailure(await run('--health-interval', 'soon'), 125, /30s/);
    expectFailure(await run('--health-interval', '1us'), 125, /1ms/);
    expectFailure(await run('--health-retries', '-1'), 125, /retries/);
    expectFailure(await run('--no-healthcheck', '--health-cmd', 'true'), 125, /health/);
  });
});
