import { describe, expect, it } from 'vitest';
import type { ContainerMount, ContainerOptions } from '../../../../ts/container/options.ts';
import { buildSpec } from '../../../../ts/container/spec/build.ts';
import { checkOptions, checkUser } from '../../../../ts/container/userns/check.ts';

const range = [{ containerID: 0, hostID: 100_000, size: 5000 }];
const MAPPINGS = { uidMappings: range, gidMappings: range };
const mount = (...options: string[]): ContainerMount => ({ type: 'bind', source: '/a', target: '/b', options });
const refused = (message: RegExp) =>
  expect.objectContaining({ code: 'ERR_RCX_INVALID_OPTION', message: expect.stringMatching(message) });

const check = (options: ContainerOptions, user: string) => {
  checkOptions(options, true);
  checkUser(user, MAPPINGS);
};

describe('what a container with a user namespace can have', () => {
  it.each([
    [{ mounts: [mount('rbind', 'rshared')] }, '', /share the mounts below \/b/],
    [{ noPivot: true }, '', /pivot_root/],
    [{ privileged: true }, '', /privileged mode is incompatible with user namespaces/],
    [{}, '5000', /user 5000/],
    [{}, '0:70000', /group 70000/],
  ] as [ContainerOptions, string, RegExp][])('refuses %j as %j', (options, user, message) => {
    expect(() => check(options, user)).toThrow(refused(message));
    checkOptions(options, false);
  });

  it('takes what it can have', () => {
    check({ mounts: [mount('rbind', 'rslave', 'idmap')] }, '4999:4999');
    check({}, 'www-data:adm');
  });

  it('wants a user namespace for idmap', () => {
    const options = { mounts: [mount('rbind', 'idmap')] };
    expect(() => checkOptions(options, false)).toThrow(refused(/no user namespace/));
  });
});

describe('the spec of a container with a user namespace', () => {
  const input = { id: 'a'.repeat(64), folder: '/store/c', hostname: 'box', execution: { Cmd: ['sh'] } };
  const spec = buildSpec({ ...input, options: { mounts: [mount('rbind')] }, mappings: MAPPINGS });

  it('has its mappings, and one more namespace', () => {
    expect(spec.linux).toMatchObject(MAPPINGS);
    expect(spec.linux.namespaces).toContainEqual({ type: 'user' });
  });

  it('shifts the owners of rcx’s own files alone', () => {
    const shifted = spec.mounts.filter(({ options }) => options.includes('idmap')).map((each) => each.destination);
    expect(shifted).toEqual(['/etc/hosts', '/etc/hostname', '/etc/resolv.conf']);
  });

  it('lets all groups that it has use ping', () => {
    expect(spec.linux.sysctl['net.ipv4.ping_group_range']).toBe('0 4999');
  });
});
