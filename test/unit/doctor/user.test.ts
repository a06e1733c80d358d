import { describe, expect, it } from 'vitest';
import { cgroupFindings, noCgroups } from '../../../ts/doctor/checks/cgroups.ts';
import { limitFindings } from '../../../ts/doctor/checks/kernel.ts';
import { noNamespace, outerNetworkFindings, userFindings } from '../../../ts/doctor/checks/user.ts';
import { RcxError } from '../../../ts/errors.ts';
import { machine } from './machine.ts';

describe('the findings about an ordinary user', () => {
  it('are well where he has subordinate ids', () => {
    expect(userFindings({ uid: 1000, isSingleId: false, hasHelpers: true })).toEqual([
      { name: 'privilege', status: 'ok', found: 'user 1000, root of a namespace of his own' },
      { name: 'subordinate ids', status: 'ok', found: 'in use' },
    ]);
  });

  it.each([
    { hasHelpers: true, found: 'none of this user', fix: /^usermod --add-subuids .*; then rcx system reset$/ },
    { hasHelpers: false, found: /^no newuidmap/, fix: /^install the package uidmap; usermod .*rcx system reset$/ },
  ])('say why his own id is the only one: $found', ({ hasHelpers, found, fix }) => {
    const [, ids] = userFindings({ uid: 1000, isSingleId: true, hasHelpers });
    const text = typeof found === 'string' ? found : expect.stringMatching(found);
    expect(ids).toMatchObject({ status: 'reduced', found: text, fix: expect.stringMatching(fix) });
  });

  const refused = new RcxError('make a user namespace: EPERM', {
    ...{ code: 'ERR_RCX_USER_NAMESPACE', step: 'make', errno: 'EPERM' },
  });
  const [CLONE, MOST] = ['/proc/sys/kernel/unprivileged_userns_clone', '/proc/sys/user/max_user_namespaces'];
  const STATUS = '/proc/self/status';
  const APPARMOR = '/proc/sys/kernel/apparmor_restrict_unprivileged_userns';
  it.each([
    [{ [CLONE]: '0\n', [MOST]: '100\n' }, /^sysctl -w kernel\.unprivileged_userns_clone=1$/],
    [{ [CLONE]: '1\n', [MOST]: '0\n' }, /^sysctl -w user\.max_user_namespaces=15000$/],
    [
      { [MOST]: '100\n', [APPARMOR]: '1\n' },
      /profile rcx-runtime "\/opt\/x y\/rcx-runtime" flags=\(unconfined\) \{ userns/,
    ],
    [{ [APPARMOR]: '0\n', [STATUS]: 'Seccomp:\t2\n' }, /^start the outer container, .*seccomp=unconfined$/],
    [{ [MOST]: '100\n', [STATUS]: 'Seccomp:\t0\n' }, /^leave the chroot, if this is one, or run rcx as root$/],
  ])('name what forbids him a namespace: %o', (files, fix) => {
    const finding = noNamespace(machine(files), 1000, refused, '/opt/x y/rcx-runtime');
    expect(finding).toMatchObject({
      name: 'privilege',
      status: 'missing',
      found: 'user 1000: make a user namespace: EPERM',
      fix: expect.stringMatching(fix),
    });
  });

  it('tell of ports that he may not publish, and of no answer to ping', () => {
    const strict = machine({
      '/proc/sys/net/ipv4/ip_unprivileged_port_start': '1024\n',
      '/proc/sys/net/ipv4/ping_group_range': '1\t0\n',
    });
    expect(outerNetworkFindings(strict, 1000)).toMatchObject([
      { name: 'published ports', status: 'reduced', fix: expect.stringContaining('ip_unprivileged_port_start=80') },
      { name: 'ping', status: 'reduced', fix: expect.stringContaining("ping_group_range='0 2147483647'") },
    ]);
    const open = machine({
      '/proc/sys/net/ipv4/ip_unprivileged_port_start': '0\n',
      '/proc/sys/net/ipv4/ping_group_range': '0\t2147483647\n',
    });
    expect(outerNetworkFindings(open, 1000).map(({ status }) => status)).toEqual(['ok', 'ok']);
  });

  it('count the keys that users have, which are fewer than those of root', () => {
    const host = machine({
      '/proc/sys/kernel/keys/maxkeys': '20\n',
      '/proc/sys/kernel/keys/root_maxkeys': '1000000\n',
    });
    const [keys] = limitFindings(host, { openFiles: 1024, isRoot: false });
    expect(keys).toMatchObject({ status: 'reduced', found: 'kernel.keys.maxkeys = 20' });
  });

  it('know cgroups only where one was delegated to him', () => {
    expect(noCgroups(1000)).toMatchObject({ status: 'reduced', fix: expect.stringContaining('Delegate=yes') });
    const hierarchy = { version: 2 as const, path: '/sys/fs/cgroup', controllers: ['memory', 'pids'] };
    const findings = cgroupFindings(machine({}), [hierarchy], true);
    const of = (name: string) => findings.find((each) => each.name === name);
    expect(of('cgroup memory')).toMatchObject({ status: 'ok' });
    expect(of('cgroup cpu')).toMatchObject({ status: 'reduced', fix: expect.stringContaining('user@.service.d') });
  });
});
