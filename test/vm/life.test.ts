import { expect, it } from 'vitest';
import { describeMachine } from '../support/vm/machine.ts';

describeMachine('containers in the background, on cgroup v2 alone', (vm) => {
  it('run, and let others in', () => {
    expect(vm.result('life-run')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(vm.output('life-run')).toMatch(/^[0-9a-f]{64}\n$/);
    // In its own cgroup, which is the root to it.
    expect(vm.result('life-exec')).toMatchObject({ exitCode: 5, stdout: '0::/\n', stderr: '' });
  });

  it('stand still when they are paused', () => {
    expect(vm.result('life-pause')).toMatchObject({ exitCode: 0, stdout: 'life\n' });
    expect(vm.output('life-frozen')).toBe('frozen 1\n');
    expect(vm.result('life-exec-paused')).toMatchObject({ exitCode: 1, stdout: '' });
    expect(vm.result('life-exec-paused').stderr).toMatch(/it is paused/);
  });

  it('end when they are asked to, also when they are paused', () => {
    expect(vm.result('life-stop')).toMatchObject({ exitCode: 0, stdout: 'life\n', stderr: '' });
    expect(vm.output('life-inspect')).toBe('exited 7\n');
    expect(vm.output('life-logs')).toBe('hello\nbye\n');
  });

  it('say when the kernel has killed them for want of memory', () => {
    expect(vm.result('life-oom').exitCode).toBe(137);
    expect(vm.output('life-oom-inspect')).toBe('true 137\n');
  });

  it('are removed by force while they stand still, and leave nothing', () => {
    expect(vm.result('life-rm')).toMatchObject({ exitCode: 0, stdout: 'life\ngreedy\n', stderr: '' });
    expect(vm.output('life-left')).toBe('events\nnetworks\n');
  });
});
