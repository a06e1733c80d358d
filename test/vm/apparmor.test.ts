import { expect, it } from 'vitest';
import { describeMachine } from '../support/vm/machine.ts';

describeMachine('AppArmor', (vm) => {
  const allowed = (check: string) =>
    Object.fromEntries(
      vm
        .output(check)
        .split('\n')
        .flatMap((line) =>
          (/^(\S+) (yes|no)$/.exec(line) ?? []).slice(1, 2).map((name) => [name, line.endsWith('yes')]),
        ),
    );

  it('confines programs by rcx’s own profile, which rcx loads', () => {
    expect(vm.line('apparmor-default', 'profile')).toBe('rcx-default (enforce)');
    expect(allowed('apparmor-default')).toEqual({
      mount: false,
      setting: false,
      core: false,
      'shared-memory': true,
      trigger: false,
      'kernel-memory': false,
      'own-process': true,
      file: true,
      signal: true,
    });
  });

  it('confines nothing with apparmor=unconfined, and nothing privileged', () => {
    expect(vm.line('apparmor-unconfined', 'profile')).toBe('unconfined');
    expect(allowed('apparmor-unconfined')).toMatchObject({ mount: true, setting: true, core: true, trigger: true });
    expect(vm.output('apparmor-privileged').trim()).toBe('unconfined');
  });

  it('confines an ordinary user’s program that can gain nothing', () => {
    expect(vm.output('apparmor-strict').trim()).toBe('rcx-default (enforce)');
  });

  it('confines PID 1 and what is executed later, but for what is privileged', () => {
    expect(vm.result('apparmor-run')).toMatchObject({ exitCode: 0, stderr: '' });
    expect(vm.output('apparmor-first').trim()).toBe('rcx-default (enforce)');
    expect(vm.output('apparmor-exec').trim()).toBe('rcx-default (enforce)\nrcx-default (enforce)');
    expect(vm.output('apparmor-exec-privileged').trim()).toBe('unconfined');
    expect(vm.output('apparmor-inspect').trim()).toBe('rcx-default');
  });

  it('takes a profile that is loaded, and refuses any other', () => {
    const own = vm.result('apparmor-own');
    expect(own.stdout).toBe('guest-own (enforce)\nwritten\n');
    expect(own.stderr).toMatch(/Permission denied/);
    expect(vm.result('apparmor-unknown')).toMatchObject({ exitCode: 1, stdout: '' });
    expect(vm.result('apparmor-unknown').stderr).toMatch(/apparmor=no-such: no such profile is loaded/);
  });

  it('confines nothing where a profile cannot be loaded, but refuses one that is asked for', () => {
    expect(vm.output('apparmor-missing').trim()).toBe('unconfined');
    expect(vm.output('apparmor-unmounted').trim()).toBe('unconfined');
    expect(vm.result('apparmor-refused')).toMatchObject({ exitCode: 1, stdout: '' });
    expect(vm.result('apparmor-refused').stderr).toMatch(/apparmor=rcx-default: the kernel has no AppArmor, or/);
  });
});
