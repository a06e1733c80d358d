import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { cgroupsOf } from '../support/cgroups.ts';
import { newStore, type Store } from '../support/cli.ts';
import { processesUsing, waitUntil } from '../support/processes.ts';
import { wreckage } from '../support/wreckage.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

describe('kill -9 of rcx during a run', () => {
  /** Starts a container with children of its own, kills rcx, and returns the container's id. */
  async function killRun(...flags: string[]): Promise<string> {
    const script = 'sleep 300 & setsid sleep 300 & cat /proc/sys/kernel/hostname; echo written > /file; exec sleep 300';
    const run = store.start(['run', ...flags, 'ubuntu', 'sh', '-c', script]);
    await new Promise((resolve) => run.stdout.once('data', resolve));
    const id = (await store.ok(['ps', '-q', '--no-trunc'])).trim();
    expect(cgroupsOf(id)).not.toEqual([]);
    run.kill('SIGKILL');
    await run;
    await waitUntil(() => processesUsing(store.root).length === 0);
    return id;
  }

  it('ends the container, which is then listed as ended, with what it wrote', async () => {
    const id = await killRun('--name', 'killed');
    expect(await store.ok(['ps', '-q'])).toBe('');
    expect(await store.ok(['ps', '-a'])).toMatch(/Exited.*killed/);
    const [{ State }] = JSON.parse(await store.ok(['inspect', 'killed']));
    expect(State).toMatchObject({ Status: 'exited', Running: false, Pid: 0 });
    expect(cgroupsOf(id)).toEqual([]);
    expect(readFileSync(join(store.root, 'containers', id, 'upper/file'), 'utf8')).toBe('written\n');
    await store.ok(['rm', 'killed']);
    expect(await store.ok(['run', '--rm', '--name', 'killed', 'ubuntu', 'echo', 'again'])).toBe('again\n');
  });

  it('with --rm leaves nothing that the next command does not clear away', async () => {
    const id = await killRun('--rm', '--name', 'killed');
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect({ folder: existsSync(join(store.root, 'containers', id)), cgroups: cgroupsOf(id) }).toEqual({
      folder: false,
      cgroups: [],
    });
    expect(await store.ok(['run', '--rm', '--name', 'killed', 'ubuntu', 'echo', 'again'])).toBe('again\n');
  });

  it('with --init ends everything below the init', async () => {
    const id = await killRun('--rm', '--init');
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect(cgroupsOf(id)).toEqual([]);
  });

  it('at any moment of its start leaves a store in which the next run succeeds', async () => {
    for (let delay = 0; delay <= 140; delay += 20) {
      const run = store.start(['run', '--name', 'killed', 'ubuntu', 'sleep', '300']);
      await sleep(delay);
      run.kill('SIGKILL');
      await run;
      await waitUntil(() => processesUsing(store.root).length === 0);
      const ids = (await store.ok(['ps', '-aq'])).split('\n').filter((id) => id !== '');
      if (ids.length > 0) await store.ok(['rm', ...ids]);
      expect(await store.ok(['run', '--rm', 'ubuntu', 'echo', 'next'])).toBe('next\n');
    }
    expect(await store.ok(['ps', '-aq'])).toBe('');
    expect(wreckage(store.root)).toEqual([]);
  });
});
