import { existsSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { waitUntil } from '../support/processes.ts';
import { NO_CGROUP, rootOnly } from '../support/rootOnly.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(async () => {
  const ids = (await store.ok(['ps', '-aq'])).split('\n').filter((id) => id !== '');
  if (ids.length > 0) await store.ok(['rm', '-f', ...ids]);
});
afterAll(() => store.close());

async function inspect(...words: string[]) {
  return JSON.parse(await store.ok(['inspect', ...words]))[0];
}

describe('inspect', () => {
  rootOnly(NO_CGROUP, 'tells the state of a container in docker’s words', async () => {
    await store.ok(['run', '-d', '--name', 'box', 'ubuntu', 'sleep', '600']);
    const common = { Restarting: false, OOMKilled: false, Dead: false, ExitCode: 0, Error: '' };
    const running = (await inspect('box')).State;
    expect(running).toMatchObject({ ...common, Status: 'running', Running: true, Paused: false });
    expect([running.Pid > 0, running.FinishedAt]).toEqual([true, '0001-01-01T00:00:00Z']);
    await store.ok(['pause', 'box']);
    expect((await inspect('box')).State).toMatchObject({ Status: 'paused', Running: true, Paused: true });
    await store.ok(['rm', '-f', 'box']);
  });

  it('shows the last health checks of what runs', async () => {
    const check = ['--health-cmd', 'echo well; exit 3', '--health-interval', '300ms', '--health-retries', '2'];
    await store.ok(['run', '-d', '--name', 'box', ...check, 'ubuntu', 'sleep', '600']);
    expect((await inspect('box')).State.Health.Status).toBe('starting');
    await waitUntil(async () => (await inspect('box')).State.Health.Status === 'unhealthy');
    const { State, Config } = await inspect('box');
    expect(State.Health.FailingStreak).toBeGreaterThanOrEqual(2);
    expect(State.Health.Log[0]).toMatchObject({ ExitCode: 3, Output: 'well\n', Start: expect.any(String) });
    expect(Config.Healthcheck).toEqual({ Test: ['CMD-SHELL', 'echo well; exit 3'], Interval: 3e8, Retries: 2 });
    await store.ok(['kill', 'box']);
    await store.rcx(['wait', 'box']);
    expect((await inspect('box')).State.Health.Status).toBe('unhealthy');
  });

  it('shows how a container is to live', async () => {
    const flags = ['--restart', 'on-failure:2', '--log-opt', 'max-size=1m', '--log-opt', 'max-file=3', '-i'];
    await store.ok([
      'create',
      '--name',
      'box',
      ...flags,
      '--stop-signal',
      'INT',
      '--stop-timeout',
      '3',
      'ubuntu',
      'cat',
    ]);
    const { RestartCount, HostConfig, Config, LogPath } = await inspect('box');
    expect(RestartCount).toBe(0);
    expect(HostConfig).toMatchObject({
      RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 2 },
      LogConfig: { Type: 'json-file', Config: { 'max-size': String(2 ** 20), 'max-file': '3' } },
      AutoRemove: false,
    });
    expect(Config).toMatchObject({ OpenStdin: true, StdinOnce: true, StopSignal: 'INT', StopTimeout: 3 });
    await store.ok(['run', '--name', 'spoke', 'ubuntu', 'echo', 'word']);
    expect(existsSync((await inspect('spoke')).LogPath)).toBe(true);
    expect(LogPath).toMatch(/container\.log$/);
  });

  it('counts sizes with -s alone', async () => {
    await store.ok(['run', '--name', 'box', 'ubuntu', 'sh', '-c', 'echo 0123456789 > /written']);
    expect(await inspect('box')).not.toHaveProperty('SizeRw');
    const sized = await inspect('-s', 'box');
    expect(sized.SizeRw).toBe(11);
    expect(sized.SizeRootFs).toBeGreaterThan(1e6);
    const format = ['-sf', '{{.SizeRw}}'];
    expect(await store.ok(['container', 'inspect', ...format, 'box'])).toBe('11\n');
  });

  it('looks for one kind with --type', async () => {
    await store.ok(['create', '--name', 'layered', 'ubuntu']);
    expect((await inspect('layered')).Name).toBe('/layered');
    expect((await inspect('--type', 'image', 'layered')).RepoTags[0]).toContain('layered');
    const outcome = await store.rcx(['inspect', '--type', 'container', 'ubuntu']);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: '[]\n' });
    expectFailure(await store.rcx(['inspect', '--type', 'planet', 'ubuntu']), 125, /--type/);
  });
});
