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
    expect(names({ '/sys/module/apparmor/parameters/enabled': 'Y\n' })).toEqual([
      seccomp,
      'AppArmor: in force',
      keyrings,
    ]);
    expect(names({ '/sys/module/apparmor/parameters/enabled': 'N\n' })).toEqual([seccomp, keyrings]);
    const selinux = { '/sys/kernel/security/lsm': 'capability,selinux', '/sys/fs/selinux/enforce': '0' };
    expect(names(selinux)).toEqual([seccomp, 'SELinux: permissive', keyrings]);
  });
});
