import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { cgroupsOf } from '../support/cgroups.ts';
import { expectFailure, newStore, type Store } from '../support/cli.ts';
import { waitUntil } from '../support/processes.ts';

const MIB = 2 ** 20;

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterEach(async () => {
  const ids = (await store.ok(['ps', '-aq'])).split('\n').filter((id) => id !== '');
  if (ids.length > 0) await store.ok(['rm', '-f', ...ids]);
});
afterAll(() => store.close());

async function run(...words: string[]): Promise<string> {
  return (await store.ok(['run', '-d', '--name', 'box', ...words])).trim();
}

/** The first of the files that one of the container's cgroups has: v2's name, then v1's. */
function cgroupFile(id: string, ...names: string[]): string {
  const files = names.flatMap((name) => cgroupsOf(id).map((path) => join(path, name)));
  const file = files.find((path) => existsSync(path));
  return file === undefined ? 'none' : readFileSync(file, 'utf8').trim();
}

const memory = (id: string) => cgroupFile(id, 'memory.max', 'memory.limit_in_bytes');
const hostConfig = async () => JSON.parse(await store.ok(['inspect', 'box']))[0].HostConfig;

describe('update', () => {
  it('limits what runs without any limit, with all of its processes', async () => {
    const id = await run('ubuntu', 'sh', '-c', 'sleep 601 & sleep 602');
    await waitUntil(async () => (await store.ok(['top', 'box'])).split('\n').length > 3);
    expect(await store.ok(['update', '--memory', '64m', '--pids-limit', '20', '--cpus', '0.5', 'box'])).toBe('box\n');
    expect(Number(memory(id))).toBe(64 * MIB);
    expect(cgroupFile(id, 'pids.max')).toBe('20');
    expect(cgroupFile(id, 'cpu.max', 'cpu.cfs_quota_us')).toMatch(/^50000( 100000)?$/);
    expect(cgroupFile(id, 'pids.current')).toBe('3');
    expect(await hostConfig()).toMatchObject({ Memory: 64 * MIB, MemorySwap: 128 * MIB, PidsLimit: 20, NanoCpus: 5e8 });
    expect(await store.ok(['stats', '--no-stream', '--format', '{{.MemUsage}} {{.PIDs}}'])).toMatch(/ \/ 64MiB 3\n$/);
  });

  it('raises and lowers memory together with swap, whichever has to come first', async () => {
    const id = await run('-m', '64m', 'ubuntu', 'sleep', '600');
    for (const [limit, swap] of [
      [256, 300],
      [32, 40],
      [512, -1],
      [64, 64],
    ] as const) {
      await store.ok(['update', '-m', `${limit}m`, '--memory-swap', swap < 0 ? '-1' : `${swap}m`, 'box']);
      expect(Number(memory(id))).toBe(limit * MIB);
    }
    const outcome = await store.rcx(['update', '-m', '128m', 'box']);
    expectFailure(outcome, 1, /above that of memory and swap together; give --memory-swap at the same time/);
    expect(Number(memory(id))).toBe(64 * MIB);
    expect(await hostConfig()).toMatchObject({ Memory: 64 * MIB, MemorySwap: 64 * MIB });
  });

  it('ends a program that then takes more', async () => {
    const grow = 'sleep 1 until -e "/go"; $all = "x" x (100 * 1024 * 1024); sleep 600';
    await run('ubuntu', 'perl', '-e', grow);
    await store.ok(['update', '-m', '32m', '--memory-swap', '32m', 'box']);
    await store.ok(['exec', 'box', 'touch', '/go']);
    expect(await store.ok(['wait', 'box'])).toBe('137\n');
    expect(await store.ok(['inspect', '-f', '{{.State.OOMKilled}}', 'box'])).toBe('true\n');
  });

  it('chooses processors, and weighs them', async () => {
    const id = await run('ubuntu', 'sleep', '600');
    await store.ok(['update', '--cpuset-cpus', '0', '--cpu-shares', '512', '--memory-reservation', '16m', 'box']);
    expect(await store.ok(['exec', 'box', 'grep', 'Cpus_allowed_list', '/proc/1/status'])).toMatch(/\t0\n$/);
    expect(cgroupFile(id, 'cpu.weight', 'cpu.shares')).toMatch(/^(59|512)$/);
    await store.ok(['update', '--cpu-quota', '20000', '--cpu-period', '50000', 'box']);
    expect(cgroupFile(id, 'cpu.max', 'cpu.cfs_quota_us')).toMatch(/^20000( 50000)?$/);
    expect(await hostConfig()).toMatchObject({
      ...{ CpusetCpus: '0', CpuShares: 512, MemoryReservation: 16 * MIB, CpuQuota: 20_000, CpuPeriod: 50_000 },
      NanoCpus: 0,
    });
    expectFailure(await store.rcx(['update', '--cpus', '1', 'box']), 1, /--cpus does not go with/);
  });

  it('counts from the next start on for what does not run', async () => {
    const id = (await store.ok(['create', '--name', 'box', 'ubuntu', 'sleep', '600'])).trim();
    await store.ok(['container', 'update', '-m', '48m', '--cpuset-cpus', '0', '--cpu-shares', '2', 'box']);
    expect(cgroupsOf(id)).toEqual([]);
    await store.ok(['start', 'box']);
    expect(Number(memory(id))).toBe(48 * MIB);
    expect(cgroupFile(id, 'cpuset.cpus')).toBe('0');
  });

  it('changes the restart policy of what runs', async () => {
    await run('ubuntu', 'sh', '-c', 'sleep 1; exit 3');
    await store.ok(['update', '--restart', 'on-failure:1', 'box']);
    expect((await hostConfig()).RestartPolicy).toEqual({ Name: 'on-failure', MaximumRetryCount: 1 });
    await waitUntil(async () => (await store.ok(['inspect', '-f', '{{.RestartCount}}', 'box'])) === '1\n');
    expect(await store.ok(['wait', 'box'])).toBe('3\n');
  });

  it('changes several', async () => {
    await store.ok(['create', '--name', 'box', 'ubuntu']);
    await store.ok(['create', '--name', 'other', 'ubuntu']);
    const outcome = await store.rcx(['update', '--restart', 'always', 'box', 'nobody', 'other']);
    expect(outcome).toMatchObject({ exitCode: 1, stdout: 'box\nother\n' });
    expect(outcome.stderr).toMatch(/^rcx: .*no such container: nobody.*\n$/);
  });

  it.each([
    [[], /at least one option/],
    [['--memory', '1m'], /--memory: the least is 6m/],
    [['--kernel-memory', '64m'], /Linux has no such limit any more/],
    [['--blkio-weight', '5'], /--blkio-weight is from 10 to 1000/],
    [['--memory-swap', '64m'], /needs a limit of memory/],
    [['--cpuset-cpus', '4096'], /not all of 4096 are there; this machine has/],
    [['--cpuset-mems', 'x'], /"x" is no list/],
    [['--cpu-shares', '1'], /--cpu-shares is from 2 to 262144/],
    [['--restart', 'sometimes'], /no, on-failure/],
  ])('refuses %j', async (flags, message) => {
    await run('ubuntu', 'sleep', '600');
    const outcome = await store.rcx(['update', ...flags, 'box']);
    expect(outcome.exitCode).not.toBe(0);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr).toMatch(/^[^\n]*\n$/);
  });

  it('refuses a restart policy for what is removed at its end', async () => {
    await run('--rm', 'ubuntu', 'sleep', '600');
    expectFailure(await store.rcx(['update', '--restart', 'always', 'box']), 1, /made with --rm/);
  });
});
