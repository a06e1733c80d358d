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

  it.each(['1m', 'banana', '-5m', '5e6'])('refuses %s', async (size) => {
    expectFailure(await store.rcx(['run', '--rm', `--memory=${size}`, 'ubuntu', 'true']), 125, /--memory/);
  });
});

describe('limits of memory and swap', () => {
  it.each([
    [['-m', '64m'], 128],
    [['-m', '64m', '--memory-swap', '100m'], 100],
    [['-m', '64m', '--memory-swap', '64m'], 64],
  ])('%j allows %d MiB of both together', async (flags, both) => {
    // v2 counts swap alone.
    const swap = await cgroupFile(flags, 'memory.swap.max', 'memory/memory.memsw.limit_in_bytes');
    const alone = (await cgroupFile(flags, 'memory.swap.max', 'memory/none')) === swap;
    expect(Number(swap)).toBe((both - (alone ? 64 : 0)) * MIB);
  });

  it('is not there with --memory-swap -1, nor for more memory than there is', async () => {
    const swap = await cgroupFile(
      ['-m', '64m', '--memory-swap', '-1'],
      'memory.swap.max',
      'memory/memory.memsw.limit_in_bytes',
    );
    expect(swap === 'max' || Number(swap) > 2 ** 60).toBe(true);
    expect(await store.ok(['run', '--rm', '-m', '100t', 'ubuntu', 'echo', 'here'])).toBe('here\n');
  });

  it('leaves it what --memory-reservation says', async () => {
    const flags = ['-m', '64m', '--memory-reservation', '32m'];
    const kept = await cgroupFile(flags, 'memory.low', 'memory/memory.soft_limit_in_bytes');
    expect(Number(kept)).toBe(32 * MIB);
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

  it.each(['0.001', '-1', 'two', '4096'])('refuses %s', async (cpus) => {
    expectFailure(await store.rcx(['run', '--rm', `--cpus=${cpus}`, 'ubuntu', 'true']), 125, /--cpus/);
  });
});

describe('the other limits of processors', () => {
  it('are files of the cgroup', async () => {
    const flags = [
      '-c',
      '512',
      '--cpu-quota',
      '20000',
      '--cpu-period',
      '50000',
      '--cpuset-cpus',
      '0',
      '--cpuset-mems',
      '0',
    ];
    expect(await cgroupFile(flags, 'cpu.weight', 'cpu/cpu.shares')).toMatch(/^(59|512)$/);
    expect(await cgroupFile(flags, 'cpu.max', 'cpu/cpu.cfs_quota_us')).toMatch(/^20000( 50000)?$/);
    expect(await cgroupFile(flags, 'cpuset.cpus', 'cpuset/cpuset.cpus')).toBe('0');
    expect(await store.ok(['run', '--rm', ...flags, 'ubuntu', 'nproc'])).toBe('1\n');
  });
});

describe('limits that cannot be', () => {
  it.each([
    [
      ['-m', '64m', '--memory-swap', '32m'],
      /--memory-swap is memory and swap together and cannot be less than --memory/,
    ],
    [['--memory-swap', '32m'], /--memory-swap .* needs a limit of memory; give --memory/],
    [['-m', '64m', '--memory-reservation', '65m'], /--memory cannot be less than --memory-reservation/],
    [['--memory-reservation', '1m'], /--memory-reservation: the least is 6m/],
    [['--memory-swappiness', '101'], /--memory-swappiness .*it is from 0 to 100/],
    [['--kernel-memory', '64m'], /--kernel-memory .*Linux has no such limit any more/],
    [['--cpus', '1', '--cpu-quota', '50000'], /--cpus does not go with --cpu-quota/],
    [['--cpu-period', '10'], /--cpu-period is from 1000 to 1000000/],
    [['--cpu-shares', '1'], /--cpu-shares is from 2 to 262144/],
    [['--cpu-rt-runtime', '2000', '--cpu-rt-period', '1000'], /--cpu-rt-runtime cannot be more than --cpu-rt-period/],
    [['--cpuset-cpus', '4095'], /--cpuset-cpus: not all of 4095 are there; this machine has 0/],
    [['--cpuset-mems', '0-'], /--cpuset-mems: "0-" is no list of numbers/],
    [['--blkio-weight', '5'], /--blkio-weight is from 10 to 1000/],
    [['--device-read-bps', '/dev/null:1mb'], /--device-read-bps: "\/dev\/null" is no block device/],
    [['--device-read-bps', 'vda:1mb'], /--device-read-bps .*write it as \/dev\/sda:10mb/],
    [['--device-write-iops', '/dev/none:5'], /--device-write-iops: "\/dev\/none": ENOENT/],
    [['--cgroup-parent', '../up'], /--cgroup-parent "\.\.\/up" is no path of a cgroup/],
    [['--cgroup-parent', '/sys/fs/cgroup/a'], /--cgroup-parent .* is no path of a cgroup/],
  ])('%j are refused before anything is made', async (flags, message) => {
    const created = await store.rcx(['create', ...flags, 'ubuntu', 'true']);
    expect(created).toMatchObject({ exitCode: expect.toBeOneOf([1, 125]), stderr: expect.stringMatching(message) });
    expectFailure(await store.rcx(['run', ...flags, 'ubuntu', 'true']), 125, message);
    expect(await store.ok(['ps', '-aq'])).toBe('');
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
