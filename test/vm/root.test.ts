import { expect, it } from 'vitest';
import { describeMachine, type Machine } from '../support/vm/machine.ts';

/** Lines of a mountinfo, proc_pid_mountinfo(5). */
function mounts(lines: readonly string[]): { path: string; type: string }[] {
  return lines.map((line) => {
    const [before = '', after = ''] = line.split(' - ');
    return { path: before.split(' ')[4] ?? '', type: after.split(' ')[0] ?? '' };
  });
}

function rootChange(vm: Machine, check: string): string {
  const [container] = JSON.parse(vm.output(check)) as [{ RootChange: string }];
  return container.RootChange;
}

/** What holds however the root was changed. `run` is a check that ran `probe/root.sh`. */
function expectSealed(vm: Machine, run: string): void {
  expect(vm.result(run)).toMatchObject({ exitCode: 0, stderr: '' });
  const own = ['bin', 'dev', 'etc', 'gate', 'probe', 'proc', 'removed', 'sys', 'tmp'];
  expect(vm.lines(run, 'entry').sort()).toEqual(['.', '..', ...own]);
  for (const { path, type } of mounts(vm.lines(run, 'mount'))) {
    expect(path).toMatch(/^\/$|^\/(dev|proc|sys|gate|etc\/(hosts|hostname|resolv\.conf))\b/);
    expect(type).not.toBe('devtmpfs');
  }
  expect(vm.lines(run, 'device')).not.toContain('vda');
  // The machine has a hundred processes; the container has its shell and what that runs to look.
  expect(vm.lines(run, 'process')).toContain('1');
  expect(vm.lines(run, 'process').length).toBeLessThan(6);
}

/** It walked up as far as it could, and was where the container's root is. */
function expectNoEscape(vm: Machine, run: string): void {
  const reached = vm.lines(run, 'escaped').filter((name) => name !== 'escape-jail');
  expect(reached.sort()).toEqual(vm.lines(run, 'entry').sort());
}

describeMachine('the escape from a chroot', (vm) => {
  it('gets out of a plain one, so that it proves something where it does not', () => {
    expect(vm.output('control-escape').split('\n')).toEqual(expect.arrayContaining(['guest', 'lost+found', 'var']));
  });
});

describeMachine('a container on an initramfs', (vm) => {
  it('gets its root by chroot, because the kernel refuses pivot_root', () => {
    expect(rootChange(vm, 'initramfs-inspect')).toBe('chroot');
  });

  it('sees its own root, mounts, devices and processes only', () => {
    expectSealed(vm, 'initramfs-run');
  });

  it('cannot leave its chroot', () => {
    expectNoEscape(vm, 'initramfs-run');
  });

  it('has no mount of the machine below its own root, neither stacked nor hidden ones', () => {
    expect(vm.output('initramfs-uncover')).toBe('');
    const beneath = vm.output('initramfs-beneath').trimEnd().split('\n');
    expect(mounts(beneath)).toEqual([{ path: '/', type: 'rootfs' }]);
  });
});

describeMachine('a container on a disk', (vm) => {
  it('gets its root by pivot_root', () => {
    expect(rootChange(vm, 'limited-inspect')).toBe('pivot_root');
  });

  it('gets its root by chroot with --no-pivot, and is sealed all the same', () => {
    expect(rootChange(vm, 'no-pivot-inspect')).toBe('chroot');
    expectSealed(vm, 'no-pivot-run');
    expectNoEscape(vm, 'no-pivot-run');
  });
});
