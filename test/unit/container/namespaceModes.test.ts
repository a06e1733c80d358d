import { describe, expect, it } from 'vitest';
import { checkOptions } from '../../../ts/container/checkOptions.ts';
import {
  namedNetwork,
  otherContainer,
  parseCgroupnsMode,
  parseIpcMode,
  parseNetworkMode,
  parsePidMode,
  parseUtsMode,
} from '../../../ts/container/namespaceModes.ts';
import type { ContainerOptions } from '../../../ts/container/options.ts';
import { confinementOf } from '../../../ts/container/security/confinement.ts';
import { HOST_SHM } from '../../../ts/container/spec/defaults.ts';
import { specMounts, withUserMounts } from '../../../ts/container/spec/mounts.ts';
import { specNamespaces } from '../../../ts/container/spec/namespaces.ts';

const INVALID = expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION' });

describe('modes of namespaces', () => {
  it('are Docker’s', () => {
    for (const mode of ['none', 'private', 'shareable', 'host', 'container:a']) expect(parseIpcMode(mode)).toBe(mode);
    for (const mode of ['private', 'host', 'container:a']) expect(parsePidMode(mode)).toBe(mode);
    for (const mode of ['none', 'host', 'container:a:b', 'bridge', 'ns:/run/netns/a'])
      expect(parseNetworkMode(mode)).toBe(mode);
    for (const parse of [parseUtsMode, parseCgroupnsMode]) {
      expect([parse('private'), parse('host')]).toEqual(['private', 'host']);
    }
  });

  it('are the default when empty', () => {
    for (const parse of [parseIpcMode, parsePidMode, parseNetworkMode, parseUtsMode]) {
      expect(parse('')).toBeUndefined();
    }
  });

  it.each([
    [parseIpcMode, 'foo'],
    [parseIpcMode, 'container:'],
    [parsePidMode, 'none'],
    [parsePidMode, 'shareable'],
    [parseUtsMode, 'container:a'],
    [parseCgroupnsMode, 'container:a'],
    [parseNetworkMode, 'container:'],
    [parseNetworkMode, '../mine'],
    [parseNetworkMode, 'ns:relative'],
    [parseNetworkMode, 'ns:'],
  ])('others are refused', (parse, text) => {
    expect(() => parse(text)).toThrow(INVALID);
  });

  it('name a network', () => {
    expect(parseNetworkMode('bridge-2')).toBe('bridge-2');
    expect(['mine', 'none', 'host', 'container:a', 'ns:/a', undefined].map(namedNetwork)).toEqual([
      'mine',
      ...[undefined, undefined, undefined, undefined, undefined],
    ]);
  });

  it('name a container', () => {
    expect(otherContainer('container:a')).toBe('a');
    expect([otherContainer('host'), otherContainer(undefined)]).toEqual([undefined, undefined]);
  });
});

describe('what is shared', () => {
  const types = (options: ContainerOptions) => specNamespaces(options).map(({ type }) => type);

  it('with the host is no namespace of the spec, what is shared with a container is', () => {
    expect(types({ pid: 'host', ipc: 'host', uts: 'host', cgroupns: 'host', network: 'host' })).toEqual(['mount']);
    expect(types({ pid: 'container:a', ipc: 'container:a', network: 'container:a' }).sort()).toEqual(
      types({ pid: 'private', ipc: 'shareable', network: 'none' }).sort(),
    );
  });

  it('decides what is at /dev/shm', () => {
    const shm = (options: ContainerOptions) =>
      specMounts({ id: 'i', folder: '/f', hostname: 'h', execution: {}, options }, confinementOf(options)).filter(
        ({ destination }) => destination === '/dev/shm',
      );
    expect(shm({ ipc: 'host' })).toEqual([HOST_SHM]);
    expect(shm({ ipc: 'none' })).toEqual([]);
    expect(shm({ ipc: 'container:a' })).toEqual([]);
    expect(shm({ ipc: 'shareable', shmSize: 5 })).toMatchObject([{ source: 'shm', type: 'tmpfs' }]);
    const own = { destination: '/dev/shm', type: 'tmpfs', source: 'tmpfs', options: [] };
    expect(withUserMounts(shm({ ipc: 'host' }), [own])).toEqual([own]);
  });

  it.each<[string, ContainerOptions]>([
    ['hostname and the UTS mode', { uts: 'host', hostname: 'x' }],
    ['domainname and the UTS mode', { uts: 'host', domainname: 'x' }],
    ['hostname and the network mode', { network: 'container:a', hostname: 'x' }],
    ['custom host-to-IP mapping and the network mode', { network: 'container:a', addHosts: ['a:1.1.1.1'] }],
    ['dns and the network mode', { network: 'container:a', dns: ['1.1.1.1'] }],
    ['port exposing and the container type network mode', { network: 'container:a', exposedPorts: ['80/tcp'] }],
    ['shm-size and the IPC mode', { ipc: 'host', shmSize: 1 }],
    ['shm-size and the IPC mode', { ipc: 'container:a', shmSize: 1 }],
    ['user namespaces and the PID mode', { userns: 'auto', pid: 'host' }],
    ['user namespaces and namespaces of another container', { userns: 'auto', ipc: 'container:a' }],
  ])('is not to be changed: %s', (words, options) => {
    expect(() => checkOptions(options)).toThrow(`conflicting options: ${words}`);
  });

  it('leaves everything else to be asked for', () => {
    checkOptions({ network: 'host', hostname: 'x', dns: ['1.1.1.1'], ipc: 'shareable', shmSize: 1, uts: 'private' });
    checkOptions({ network: 'container:a', addHosts: [], dns: [] });
  });
});
