import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { execa } from 'execa';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cgroupsOf } from '../support/cgroups.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { becomes, expectNothingLeft, logged, ready, removeAll, stateOf } from '../support/life.ts';
import { processesUsing, waitUntil } from '../support/processes.ts';
import { RCX_BIN } from '../support/rcxBin.ts';
import { wreckage } from '../support/wreckage.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(() => removeAll(store));
afterAll(() => store.close());

/** Has children of its own, in its session and out of it. */
const FAMILY = `trap "exit 3" TERM; sleep 300 & setsid sleep 300 & cat /proc/sys/kernel/hostname; echo written > /file
  echo ready; while :; do sleep 0.05; done`;

/** Starts a container in the foreground and kills rcx; returns the container's id. */
async function killRun(...flags: string[]): Promise<string> {
  const run = store.start(['run', ...flags, 'ubuntu', 'sh', '-c', FAMILY]);
  await new Promise((resolve) => run.stdout.once('data', resolve));
  const id = (await store.ok(['ps', '-q', '--no-trunc'])).trim();
  run.kill('SIGKILL');
  await run;
  return id;
}

/** Kills a container's monitor, which takes the container along. */
async function killMonitor(id: string): Promise<void> {
  process.kill(stateOf(store, id).owner.pid, 'SIGKILL');
  await waitUntil(() => processesUsing(id).length === 0, { what: 'the container to end with its monitor' });
}

describe('kill -9 of rcx during a run', () => {
  it('leaves the container running, and all commands can be used on it', async () => {
    const id = await killRun('--name', 'orphan');
    expect(await store.ok(['ps'])).toMatch(/Up .*orphan/);
    expect(cgroupsOf(id)).not.toEqual([]);
    expect(await store.ok(['exec', 'orphan', 'cat', '/file'])).toBe('written\n');
    await logged(store, 'orphan', /ready/);
    const waiting = store.rcx(['wait', 'orphan']);
    await store.ok(['stop', 'orphan']);
    expect(await waiting).toMatchObject({ stdout: '3\n' });
    await expectNothingLeft(store, id);
  });

  it('with --rm removes the container at its end all the same', async () => {
    const id = await killRun('--rm', '--name', 'orphan');
    await store.ok(['stop', 'orphan']);
    await expectNothingLeft(store, id, { gone: true });
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect(await store.ok(['run', '--rm', '--name', 'orphan', 'ubuntu', 'echo', 'again'])).toBe('again\n');
  });

  it('is as good as a reader that goes: the container’s output is still kept', async () => {
    const run = store.start([
      'run',
      '--name',
      'talks',
      'ubuntu',
      'sh',
      '-c',
      'i=0; while :; do echo $i; i=$((i+1)); sleep 0.05; done',
    ]);
    await new Promise((resolve) => run.stdout.once('data', resolve));
    run.kill('SIGKILL');
    await run;
    const before = Number((await store.ok(['logs', '-n', '1', 'talks'])).trim());
    await logged(store, 'talks', new RegExp(`^${before + 20}$`, 'm'));
  });

  it('is not what a closed pipe is: that ends a program that writes on', async () => {
    const line = `"${RCX_BIN}" run --rm ubuntu yes | head -1`;
    const outcome = await execa('bash', ['-c', line], { env: store.env, extendEnv: false, timeout: 20_000 });
    expect(outcome.stdout).toBe('y');
    expect(await store.ok(['ps', '-aq'])).toBe('');
  });

  it('at any moment of its start leaves a store in which the next run succeeds', async () => {
    for (let delay = 0; delay <= 140; delay += 20) {
      const run = store.start(['run', '--name', 'killed', 'ubuntu', 'sleep', '300']);
      await sleep(delay);
      run.kill('SIGKILL');
      await run;
      await removeAll(store);
      expect(await store.ok(['run', '--rm', '--name', 'killed', 'ubuntu', 'echo', 'next'])).toBe('next\n');
    }
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect(wreckage(store.root)).toEqual([]);
  });
});

describe('kill -9 of a container’s monitor', () => {
  it('ends the container, whose exit code nobody knows, with what it wrote', async () => {
    const id = await ready(store, ['--name', 'lost'], FAMILY);
    await killMonitor(id);
    expect(await store.ok(['ps', '-q'])).toBe('');
    expect(await store.ok(['ps', '-a'])).toMatch(/Exited.*lost/);
    const [{ State }] = JSON.parse(await store.ok(['inspect', 'lost']));
    expect(State).toMatchObject({ Status: 'exited', Running: false, Pid: 0, ExitCode: -1 });
    expect(stateOf(store, id).exitCode).toBeUndefined();
    expect(await store.ok(['wait', 'lost'])).toBe('-1\n');
    expect(readFileSync(join(store.root, 'containers', id, 'upper/file'), 'utf8')).toBe('written\n');
    await expectNothingLeft(store, id);
  });

  it('leaves a container that can be started again, removed, and its name taken', async () => {
    const id = await ready(store, ['--name', 'lost'], FAMILY);
    await killMonitor(id);
    await store.ok(['start', 'lost']);
    expect(await becomes(store, id, 'running')).toBeDefined();
    await killMonitor(id);
    await store.ok(['rm', 'lost']);
    await expectNothingLeft(store, id, { gone: true });
    expect(await store.ok(['run', '--rm', '--name', 'lost', 'ubuntu', 'echo', 'again'])).toBe('again\n');
  });

  it('with --rm leaves nothing that the next command does not clear away', async () => {
    const id = await ready(store, ['--rm', '--init', '--name', 'lost'], FAMILY);
    await killMonitor(id);
    expect(await store.ok(['ps', '-aq'])).toBe('');
    await expectNothingLeft(store, id, { gone: true });
    expect(existsSync(join(store.root, 'containers/.names/lost'))).toBe(false);
  });

  it('is an error of whoever follows, and the end of an exec', async () => {
    const run = store.start(['run', '--name', 'lost', 'ubuntu', 'sh', '-c', FAMILY]);
    await new Promise((resolve) => run.stdout.once('data', resolve));
    const id = (await store.ok(['ps', '-q', '--no-trunc'])).trim();
    const executed = store.start(['exec', id, 'sh', '-c', 'echo ready; exec sleep 300']);
    const waiting = store.start(['wait', id]);
    await new Promise((resolve) => executed.stdout.once('data', resolve));
    await killMonitor(id);
    const { exitCode, stderr } = await run;
    expectFailure({ exitCode, stderr, signal: undefined, stdout: '' }, 125, /lost: its monitor was killed/);
    expect(await executed).toMatchObject({ exitCode: 137 });
    expect(await waiting).toMatchObject({ stdout: '-1\n' });
  });
});
