import { expect, it } from 'vitest';
import { describeMachine } from '../support/vm/machine.ts';

const EPERM = /Operation not permitted/;

describeMachine('the cgroup of a container', (vm) => {
  it('is /rcx/<id> to the machine and the root to the container', () => {
    expect(vm.output('limited-cgroup')).toMatch(/^0::\/rcx\/[0-9a-f]{64}\n$/);
    expect(vm.line('limited-run', 'cgroup')).toBe('0::/');
  });

  it('has the limits of the flags', () => {
    const files = Object.fromEntries(
      vm
        .output('limited-files')
        .trimEnd()
        .split('\n')
        .map((line) => line.split(':')),
    );
    const mebibytes = 64 * 1024 ** 2;
    expect(files).toMatchObject({
      'memory.max': String(mebibytes),
      // As much again, as with Docker.
      'memory.swap.max': String(mebibytes),
      'cpu.max': '50000 100000',
      'pids.max': '20',
    });
  });

  it('lets no more processes be made than --pids-limit', () => {
    expect(vm.line('limited-run', 'fork')).toContain("can't fork");
    expect(vm.output('limited-files')).toMatch(/^pids\.events:max [1-9]/m);
  });

  it('ends a program that takes more than --memory, with 137', () => {
    expect(vm.result('oom').exitCode).toBe(137);
    expect(vm.console).toMatch(/Memory cgroup out of memory: Killed process \d+ \(tail\)/);
  });

  it('is mounted read-only in the container, as cgroup2', () => {
    expect(vm.line('limited-run', 'mount')).toMatch(
      /^\d+ \d+ \S+ \/ \/sys\/fs\/cgroup ro,nosuid,nodev,noexec\S* - cgroup2 /,
    );
    expect(vm.line('limited-run', 'own-limit')).toBe(String(64 * 1024 ** 2));
    expect(vm.line('limited-run', 'mkdir')).toContain('Read-only file system');
    expect(vm.line('limited-run', 'raise')).toContain('Read-only file system');
  });
});

describeMachine('the device filter of cgroup v2', (vm) => {
  it('denies devices of the machine that the container made nodes of', () => {
    for (const name of ['disk', 'mem', 'kmsg']) expect(vm.line('limited-run', name)).toMatch(EPERM);
    expect(vm.line('limited-run', 'write-disk')).toMatch(EPERM);
    // They are there, and root may open them.
    expect(vm.result('control-devices')).toMatchObject({ exitCode: 0, stderr: '' });
  });

  it('allows the devices that every container has', () => {
    expect(vm.line('limited-run', 'null')).toBe('');
    expect(vm.line('limited-run', 'zero')).toBe('4');
  });

  it('is the root of a container with its own ids, too', () => {
    const [ids = '', cgroup, ...files] = vm.output('userns-cgroups').trimEnd().split('\n');
    expect(ids.trim().split(/\s+/)[1]).not.toBe('0');
    expect(cgroup).toBe('0::/');
    expect(files).toContain('cgroup.procs');
  });
});
