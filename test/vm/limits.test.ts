import { expect, it } from 'vitest';
import { describeMachine } from '../support/vm/machine.ts';

const MIB = 2 ** 20;
/** The disk of the machine. */
const DISK = '254:0';

/** Lines `file:value` as an object. */
function values(text: string): Record<string, string> {
  const lines = text.trimEnd().split('\n');
  return Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 1)]));
}

describeMachine('limits on cgroup v2 alone', (vm) => {
  it('are files of the container’s cgroup', () => {
    expect(vm.result('limits-run')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(values(vm.output('limits-files'))).toEqual({
      'memory.max': String(64 * MIB),
      // What is left of memory and swap together.
      'memory.swap.max': String(36 * MIB),
      'memory.low': String(32 * MIB),
      'cpu.max': '20000 50000',
      'cpu.weight': '59',
      'cpuset.cpus': '0',
      'cpuset.mems': '0',
      'pids.max': '30',
      'io.max': `${DISK} rbps=${2 * MIB} wbps=max riops=max wiops=300`,
      // 300 of 10 to 1000 is as much of 1 to 10000.
      'io.weight': 'default 2930',
    });
  });

  const updated = {
    'memory.max': String(128 * MIB),
    'memory.swap.max': String(32 * MIB),
    'memory.low': String(48 * MIB),
    'cpu.max': '30000 50000',
    'cpu.weight': '100',
    'cpuset.cpus': '0-1',
    'cpuset.mems': '0',
    'pids.max': '40',
    'io.max': `${DISK} rbps=${2 * MIB} wbps=max riops=max wiops=300`,
    'io.weight': 'default 4950',
  };

  it('are others after an update', () => {
    expect(vm.result('limits-update')).toMatchObject({ exitCode: 0, stdout: 'limits\n', stderr: '' });
    expect(values(vm.output('limits-updated'))).toEqual(updated);
  });

  it('are as they were after one that cannot be', () => {
    const refused = vm.result('limits-update-refused');
    expect(refused).toMatchObject({ exitCode: 1, stdout: '' });
    expect(refused.stderr).toMatch(/--cpu-rt-runtime: only cgroup v1 has it/);
    expect(values(vm.output('limits-kept'))).toEqual(updated);
  });

  it('are those that stats shows', () => {
    expect(vm.output('limits-stats')).toMatch(/^[\d.]+[KM]iB \/ 128MiB 1 [\d.]+k?B \/ [\d.]+k?B\n$/);
  });

  it('that v2 does not have are refused before anything is made', () => {
    expect(vm.result('limits-swappiness')).toMatchObject({ exitCode: 1, stdout: '' });
    expect(vm.result('limits-swappiness').stderr).toMatch(/--memory-swappiness: only cgroup v1 has it/);
  });

  it('of the runtime-spec without a flag are there, too', () => {
    expect(vm.result('limits-spec').exitCode).toBe(0);
    expect(values(vm.output('limits-spec-files'))).toEqual({
      'memory.high': '50003968',
      'hugetlb.2MB.max': String(4 * MIB),
      'hugetlb.2MB.rsvd.max': String(4 * MIB),
    });
  });

  it('let a program have more than its memory where it may swap, and not where it may not', () => {
    expect(vm.output('limits-swap')).toBe('40000000\n');
    expect(vm.result('limits-no-swap').stdout).toBe('0\n');
  });

  it('tell of a child that was killed for want of memory, while the container goes on', () => {
    expect(vm.result('limits-oom').exitCode).toBe(0);
    expect(vm.output('limits-oom-inspect')).toBe('running true\n');
    expect(vm.output('limits-oom-events')).toBe('oom\n');
  });
});

describeMachine('a delegated part of cgroup v2', (vm) => {
  it('has the container’s cgroup, and its own processes make way for the controllers', () => {
    expect(vm.output('delegated-run')).toMatch(/^[0-9a-f]{64}\n0::\/own\.slice\/init\n$/);
    expect(vm.output('delegated-files')).toBe(`0\nmemory\n${64 * MIB}\n`);
    // Whoever runs elsewhere finds it.
    expect(vm.output('delegated-exec')).toBe('0::/\n');
  });

  it('has no more controllers than it was given', () => {
    expect(vm.result('delegated-refused')).toMatchObject({ exitCode: 1, stdout: '' });
    expect(vm.result('delegated-refused').stderr).toMatch(
      /the cpu controller is not delegated to this cgroup: \/sys\/fs\/cgroup\/own\.slice; .*Delegate=yes/,
    );
  });

  it('is left as it was, but for the leaf of those who make way', () => {
    expect(vm.output('delegated-left')).toBe('/sys/fs/cgroup/own.slice/init\n');
  });

  it('can be all that is to be seen of the hierarchy', () => {
    expect(vm.result('inner-run')).toMatchObject({ exitCode: 0, stdout: `0::/\n${64 * MIB}\n`, stderr: '' });
  });
});

describeMachine('a machine with some controllers in v1 and the others in v2', (vm) => {
  it('says so', () => {
    expect(vm.output('mixed-info')).toContain('Cgroup version: 1+2\n');
  });

  it('has every limit where its controller is', () => {
    expect(vm.result('mixed-run')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(vm.output('mixed-files')).toBe(`${64 * MIB}\n20\n50000\n`);
    expect(vm.result('mixed-update')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(vm.output('mixed-updated')).toBe(`${32 * MIB}\n25\n60000\n`);
  });

  it('knows what its containers use, and which were killed', () => {
    expect(vm.result('mixed-oom').exitCode).toBe(0);
    expect(vm.output('mixed-stats')).toMatch(/^[\d.]+[KM]iB \/ 64MiB 1\n$/);
  });

  it('pauses and removes them, and nothing is left', () => {
    expect(vm.result('mixed-pause').exitCode).toBe(0);
    expect(vm.output('mixed-frozen')).toBe('frozen 1\n');
    expect(vm.result('mixed-rm')).toMatchObject({ exitCode: 0, stdout: 'mixed\n', stderr: '' });
    expect(vm.output('mixed-left')).toBe('');
  });
});
