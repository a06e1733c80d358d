import { expect, it } from 'vitest';
import { describeMachine } from '../support/vm/machine.ts';

const MIB = 2 ** 20;

describeMachine('containers of an ordinary user, on cgroup v2 alone', (vm) => {
  it('have limits in a cgroup that was delegated to him', () => {
    expect(vm.result('rootless-image')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(vm.result('rootless-run')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(vm.output('rootless-files').split('\n')).toEqual([
      `memory.max:${64 * MIB}`,
      'pids.max:20',
      'cgroup.freeze:0',
      '',
    ]);
  });

  it('have his id for root’s, and his subordinate ids', () => {
    expect(vm.output('rootless-owner').trim().split(/\s+/).map(Number)).toEqual([0, 1000, 1, 1, 100_000, 65_536]);
  });

  it('stand still when they are paused, by whichever session of his', () => {
    expect(vm.result('rootless-pause')).toMatchObject({ exitCode: 0, stdout: 'own\n', stderr: '' });
    expect(vm.output('rootless-frozen')).toBe('frozen 1\n');
  });

  it('leave nothing of their cgroups', () => {
    expect(vm.result('rootless-rm')).toMatchObject({ exitCode: 0, stdout: 'own\n', stderr: '' });
    expect(vm.output('rootless-left')).not.toMatch(/rcx/);
  });

  it('have a network', () => {
    expect(vm.result('rootless-network')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(vm.output('rootless-network')).toMatch(/inet 172\.1[78]\.0\.2\/16/);
    expect(vm.output('rootless-network')).toMatch(/default via 172\.1[78]\.0\.1 dev eth0/);
  });

  it('are refused limits where there is no such cgroup', () => {
    expect(vm.result('rootless-without')).toMatchObject({ exitCode: 125, stdout: '' });
    expect(vm.result('rootless-without').stderr).toMatch(/--memory: this user has no cgroup/);
  });

  it('are not there on a machine without user namespaces for its users, which is said', () => {
    expect(vm.result('rootless-limit').exitCode).toBe(125);
    expect(vm.result('rootless-limit').stderr).toMatch(
      /make a user namespace: .*\(ENOSPC\); .*user\.max_user_namespaces/,
    );
  });

  it('and everything else of his is gone after a reset', () => {
    expect(vm.result('rootless-reset')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(vm.output('rootless-processes')).toBe('');
  });
});
