import { describe, expect, it } from 'vitest';
import { kernelFindings, limitFindings } from '../../../ts/doctor/checks/kernel.ts';
import { machine } from './machine.ts';

const NAMESPACES = ['mount', 'pid', 'network', 'ipc', 'uts', 'cgroup', 'user'];

/** What a kernel answers, refusing what is given. */
function features(refused: Record<string, string> = {}) {
  const names = ['clone3', 'openat2', 'mount_setattr', ...NAMESPACES.map((kind) => `namespace:${kind}`)];
  return names.map((name) => (refused[name] === undefined ? { name } : { name, refused: refused[name] }));
}

const statuses = (release: string, refused?: Record<string, string>) =>
  Object.fromEntries(kernelFindings(release, features(refused)).map(({ name, status }) => [name, status]));

describe('the findings about the kernel', () => {
  it.each([
    ['6.8.0-generic', 'ok'],
    ['7.0.1', 'ok'],
    ['6.1.0-28-cloud-amd64', 'reduced'],
    ['5.12.0', 'reduced'],
    ['5.11.9', 'missing'],
    ['4.18.0-553.el8.x86_64', 'missing'],
  ])('judge Linux %s: %s', (release, status) => {
    expect(statuses(release)).toEqual({ kernel: status, 'system calls': 'ok', namespaces: 'ok' });
  });

  it('name the calls that are refused, and by whom', () => {
    const [, filtered] = kernelFindings('6.18.0', features({ mount_setattr: 'EPERM' }));
    expect(filtered).toMatchObject({ status: 'missing', found: 'mount_setattr: EPERM' });
    expect(filtered?.fix).toContain('seccomp=unconfined');
    const [, old] = kernelFindings('5.11.0', features({ mount_setattr: 'ENOSYS', openat2: 'ENOSYS' }));
    expect(old).toMatchObject({ status: 'missing', found: 'openat2: ENOSYS, mount_setattr: ENOSYS' });
    expect(old?.fix).toContain('5.12');
  });

  it('name the limit that namespaces have met, as the kernel calls it', () => {
    const refused = { 'namespace:network': 'ENOSPC', 'namespace:mount': 'ENOSPC' };
    const [, , namespaces] = kernelFindings('6.18.0', features(refused));
    expect(namespaces).toMatchObject({
      status: 'missing',
      fix: 'sysctl -w user.max_mnt_namespaces=65536 user.max_net_namespaces=65536',
    });
  });

  it('do without user namespaces', () => {
    expect(statuses('6.18.0', { 'namespace:user': 'EPERM' })).toMatchObject({ namespaces: 'ok' });
  });
});

describe('the findings about limits', () => {
  const WIDE = { '/proc/sys/kernel/keys/root_maxkeys': '1000000\n', '/proc/sys/kernel/pid_max': '4194304\n' };

  it('are well on an ordinary machine', () => {
    const findings = limitFindings(machine({ ...WIDE, '/proc/sys/fs/mount-max': '100000\n' }), {
      openFiles: 1024,
      isRoot: true,
    });
    expect(findings.map(({ name, status }) => `${name} ${status}`)).toEqual([
      'keys ok',
      'processes ok',
      'mounts ok',
      'open files ok',
    ]);
  });

  it('name the setting that is too low, and say nothing of what is not there', () => {
    const findings = limitFindings(machine({ '/proc/sys/kernel/keys/root_maxkeys': '200\n' }), {
      openFiles: 256,
      isRoot: true,
    });
    expect(findings).toMatchObject([
      { name: 'keys', status: 'reduced', fix: 'sysctl -w kernel.keys.root_maxkeys=10000' },
      { name: 'open files', status: 'reduced', found: '256 a process' },
    ]);
  });
});
