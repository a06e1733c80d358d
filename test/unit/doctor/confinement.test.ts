import { describe, expect, it } from 'vitest';
import { confinementFindings } from '../../../ts/doctor/checks/confinement.ts';
import { machine } from './machine.ts';

const SECCOMP = { '/proc/sys/kernel/seccomp/actions_avail': 'kill_process errno allow\n' };

describe('the findings about confinement', () => {
  it('want filters of system calls', () => {
    expect(confinementFindings(machine(SECCOMP))[0]).toMatchObject({ name: 'seccomp', status: 'ok' });
    expect(confinementFindings(machine({}))[0]).toMatchObject({ name: 'seccomp', status: 'missing' });
  });

  it('name the security modules that are in force, and no others', () => {
    const names = (files: Record<string, string>) =>
      confinementFindings(machine({ ...SECCOMP, '/proc/keys': '', ...files })).map(
        ({ name, found }) => `${name}: ${found}`,
      );
    const [seccomp, keyrings] = names({});
    const enabled = { '/sys/module/apparmor/parameters/enabled': 'Y\n' };
    const mounted = { ...enabled, '/sys/kernel/security/apparmor/profiles': '' };
    expect(names({ ...mounted, '/usr/sbin/apparmor_parser': '' })).toEqual([
      seccomp,
      'AppArmor: in force, with a profile for containers',
      keyrings,
    ]);
    expect(names(mounted)).toContain('AppArmor: in the kernel, without apparmor_parser');
    expect(names(enabled)).toContain('AppArmor: in the kernel, and no way to its profiles');
    expect(names({ '/sys/module/apparmor/parameters/enabled': 'N\n' })).toEqual([seccomp, keyrings]);
    const selinux = { '/sys/kernel/security/lsm': 'capability,selinux', '/sys/fs/selinux/enforce': '0' };
    const labels = { '/etc/selinux/targeted/contexts/lxc_contexts': 'process = "a:b:c:s0"\nfile = "a:b:d:s0"\n' };
    const without = 'with a policy that has no labels for containers';
    expect(names(selinux)).toEqual([seccomp, `SELinux: permissive, ${without}`, keyrings]);
    expect(names({ ...selinux, ...labels })).toContain('SELinux: permissive, with labels for containers');
    const lost = { '/sys/kernel/security/lsm': 'capability,selinux' };
    expect(names(lost)).toContain('SELinux: in the kernel, and no way to it');
  });
});
