import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { expectFailure, newStore, type Store } from '../support/cli.ts';

const MIB = 1024 * 1024;

let store: Store;
beforeAll(async () => {
  store = await newStore({ images: true });
});
afterAll(() => store.close());

/** A file of the container's own cgroup, as it sees it itself: the first of v2 and v1 that exists. */
async function cgroupFile(flags: string[], ...names: string[]): Promise<string> {
  const paths = names.map((name) => `/sys/fs/cgroup/${name}`).join(' ');
  const script = `for file in ${paths}; do test -f $file && exec cat $file; done; echo none of ${paths}`;
  return (await store.ok(['run', '--rm', ...flags, 'ubuntu', 'sh', '-c', script])).trim();
}

describe('--memory', () => {
  it('is the limit that the container sees', async () => {
    const limit = await cgroupFile(['--memory', '64m'], 'memory.max', 'memory/memory.limit_in_bytes');
    expect(Number(limit)).toBe(64 * MIB);
  });

  it('ends a program that takes more, with 137', async () => {
    const grow = 'my $all = "x" x (100 * 1024 * 1024); print length $all';
    const outcome = await store.rcx(['run', '--rm', '--memory', '64m', 'ubuntu', 'perl', '-e', grow]);
    expect(outcome).toMatchObject({ exitCode: 137, stdout: '' });
    expect(await store.ok(['run', '--rm', '-m', '400m', 'ubuntu', 'perl', '-e', grow])).toBe(String(100 * MIB));
  });

  it.each(['1m', 'much', '-5m', '0'])('refuses %s', async (size) => {
    expectFailure(await store.rcx(['run', '--rm', `--memory=${size}`, 'ubuntu', 'true']), 125, /--memory/);
  });
});

describe('--cpus', () => {
  it('is a quota of processor time', async () => {
    const flags = ['--cpus', '0.5'];
    const quota = await cgroupFile(flags, 'cpu.max', 'cpu/cpu.cfs_quota_us', 'cpu,cpuacct/cpu.cfs_quota_us');
    expect(quota).toMatch(/^50000( 100000)?$/);
  });

  it('holds a busy program back', async () => {
    const script =
      'timeout 0.6 sh -c "while :; do :; done"; cat /sys/fs/cgroup/cpu.stat /sys/fs/cgroup/cpu*/cpu.stat 2>/dev/null; true';
    const output = await store.ok(['run', '--rm', '--init', '--cpus', '0.1', 'ubuntu', 'sh', '-c', script]);
    expect(Number(/^nr_throttled (\d+)$/m.exec(output)?.[1])).toBeGreaterThan(0);
  });

  it.each(['0', '-1', 'two'])('refuses %s', async (cpus) => {
    expectFailure(await store.rcx(['run', '--rm', `--cpus=${cpus}`, 'ubuntu', 'true']), 125, /--cpus/);
  });
});

describe('--pids-limit', () => {
  /** Forks until it fails, at most 100 times; prints how often it did not. */
  const FORK =
    'my $n = 0; while ($n < 100 && defined(my $pid = fork)) { if (!$pid) { sleep 3; exit } $n++ } print $n; kill 9, -1';

  it('is how many processes there can be', async () => {
    const count = (limit: string) =>
      store.rcx(['run', '--rm', '--init', `--pids-limit=${limit}`, 'ubuntu', 'perl', '-e', FORK]);
    // The init and perl itself count.
    expect((await count('20')).stdout).toBe('18');
    expect((await count('-1')).stdout).toBe('100');
  });

  it.each(['-2', 'few', '1.5'])('refuses %s', async (limit) => {
    expectFailure(await store.rcx(['run', '--rm', `--pids-limit=${limit}`, 'ubuntu', 'true']), 125, /--pids-limit/);
  });
});
