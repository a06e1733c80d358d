import { expect, it } from 'vitest';
import { describeMachine } from '../support/vm/machine.ts';

describeMachine('networks, on cgroup v2 alone', (vm) => {
  it('lead to containers by name, and by published ports', () => {
    expect(vm.result('network-server')).toMatchObject({ exitCode: 0, stderr: '' });
    for (const way of ['network-name', 'network-loopback', 'network-address']) expect(vm.output(way)).toBe('served\n');
  });

  it('are there for containers with a user namespace', () => {
    expect(vm.output('network-userns')).toBe('served\n');
  });

  it('have no way out where they are internal', () => {
    expect(vm.result('network-internal').stdout).toMatch(/^172\.18\.0\.0\/16 dev eth0 .*\n$/);
  });

  it('leave nothing of a container, nor of a network that is removed', () => {
    expect(vm.result('network-rm').exitCode).toBe(0);
    expect(vm.output('network-left')).toMatch(/^lo\nrcx-[0-9a-f]{11}\n$/);
  });
});
