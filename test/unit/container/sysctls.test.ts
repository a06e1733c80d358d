import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../../ts/container/checkOptions.ts';
import { parseSysctl, requireOwnNamespaces } from '../../../ts/container/sysctls.ts';

const REFUSED = expect.objectContaining({ code: 'ERR_RCX_SYSCTL' });

describe('parseSysctl', () => {
  it.each([
    ['net.core.somaxconn=5', 'net.core.somaxconn', '5'],
    ['kernel.sem=1 2 3 4', 'kernel.sem', '1 2 3 4'],
    ['kernel.shm_rmid_forced=', 'kernel.shm_rmid_forced', ''],
    ['fs.mqueue.msg_max=10', 'fs.mqueue.msg_max', '10'],
    ['net.ipv4.conf.eth-0.x=a=b', 'net.ipv4.conf.eth-0.x', 'a=b'],
  ])('%s', (text, name, value) => {
    expect(parseSysctl(text)).toEqual([name, value]);
  });

  it.each([
    '',
    'net.core.somaxconn',
    '=5',
    'kernel.pid_max=5',
    'kernel.core_pattern=|/tmp/x',
    'vm.overcommit_memory=1',
    'fs.file-max=1',
    'network.x=1',
    'kernel.semaphore=1',
    'net.=1',
    'net..x=1',
    'net./../kernel/core_pattern=x',
    'net/core/somaxconn=1',
  ])('refuses %j', (text) => {
    expect(() => parseSysctl(text)).toThrow(REFUSED);
  });
});

describe('a setting of a namespace', () => {
  const own = { network: false, ipc: false };

  it('can be changed where the container has its own', () => {
    requireOwnNamespaces({ 'net.core.somaxconn': '1', 'kernel.msgmax': '1' }, own);
    requireOwnNamespaces({ 'net.core.somaxconn': '1' }, { network: false, ipc: true });
  });

  it('is refused where it is the host’s', () => {
    expect(() => requireOwnNamespaces({ 'net.core.somaxconn': '1' }, { network: true, ipc: false })).toThrow(REFUSED);
    expect(() => requireOwnNamespaces({ 'kernel.msgmax': '1' }, { network: false, ipc: true })).toThrow(REFUSED);
    expect(() => requireOwnNamespaces({ 'fs.mqueue.msg_max': '1' }, { network: false, ipc: true })).toThrow(REFUSED);
    expect(() => requireOwnNamespaces({ 'kernel.pid_max': '1' }, own)).toThrow(REFUSED);
    expect(() => checkOptions({ network: 'host', sysctls: { 'net.core.somaxconn': '1' } })).toThrow(REFUSED);
  });
});
