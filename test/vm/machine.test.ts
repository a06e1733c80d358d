import { expect, it } from 'vitest';
import { describeMachine } from '../support/vm/machine.ts';

describeMachine('a machine with cgroup v2 alone', (vm) => {
  it('comes to the end of its checks', () => {
    expect(vm.finished, vm.console).toBe(true);
  });

  it('is told about truthfully', () => {
    const info = vm.output('info');
    expect(info).toContain('Cgroup version: 2\n');
    expect(info).toContain('Root change: pivot_root\n');
    expect(info).toContain(`Kernel: ${vm.output('kernel')}`);
    // Those that were started without --rm.
    expect(info).toContain('Containers: 2 (0 running, 2 stopped)\n');
  });

  it('has the same mounts after all containers as before', () => {
    expect(vm.output('mounts-left')).toBe('');
  });

  it('has no cgroup of an ended container left', () => {
    expect(vm.output('cgroups-left')).toBe('');
  });
});
