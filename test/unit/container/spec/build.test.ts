import { describe, expect, it } from 'vitest';
import type { ContainerOptions } from '../../../../ts/container/options.ts';
import { buildSpec, type SpecInput } from '../../../../ts/container/spec/build.ts';
import { CAPABILITIES, MASKED_PATHS, READONLY_PATHS } from '../../../../ts/container/spec/defaults.ts';
import { withUserMounts } from '../../../../ts/container/spec/mounts.ts';

const ID = 'a'.repeat(64);

function spec(options: ContainerOptions = {}, input: Partial<SpecInput> = {}) {
  const execution = { Cmd: ['sh'] };
  const cgroup = `/rcx/${ID}`;
  return buildSpec({ id: ID, folder: '/store/c', hostname: 'box', cgroup, execution, options, ...input });
}

describe('buildSpec', () => {
  it('is Docker’s default container', () => {
    const { process, linux, root, hostname } = spec();
    expect({ hostname, root }).toEqual({ hostname: 'box', root: { path: '/store/c/rootfs' } });
    expect(process).toMatchObject({ terminal: false, args: ['sh'], cwd: '/' });
    expect(process.capabilities.bounding).toEqual(CAPABILITIES);
    expect(linux.maskedPaths).toEqual(MASKED_PATHS);
    expect(linux.readonlyPaths).toEqual(READONLY_PATHS);
    expect(linux.cgroupsPath).toBe(`/rcx/${ID}`);
    expect(spec({}, { cgroup: undefined }).linux).not.toHaveProperty('cgroupsPath');
  });

  it('is in namespaces of its own', () => {
    const types = spec().linux.namespaces.map(({ type }) => type);
    expect(types.sort()).toEqual(['cgroup', 'ipc', 'mount', 'network', 'pid', 'uts']);
  });

  it('shares the host’s network only when asked, and then changes none of its settings', () => {
    const { namespaces, sysctl } = spec({ network: 'host' }).linux;
    expect(namespaces).not.toContainEqual({ type: 'network' });
    expect(sysctl).toEqual({});
    expect(Object.keys(spec({ network: 'none' }).linux.sysctl)).not.toEqual([]);
  });

  it('allows no device but those of the default list', () => {
    expect(spec().linux.resources).toEqual({ devices: [{ allow: false, access: 'rwm' }] });
  });

  it('has the limits that are asked for', () => {
    const limits = { memory: { limit: 64 * 2 ** 20, swap: 128 * 2 ** 20 }, pids: { limit: 10 } };
    const { resources, cgroupsPath } = spec({}, { limits, cgroup: '/elsewhere/x' }).linux;
    expect(resources).toEqual({ devices: [{ allow: false, access: 'rwm' }], ...limits });
    expect(cgroupsPath).toBe('/elsewhere/x');
  });

  it('takes directory, terminal and root from the options first', () => {
    expect(spec({}, { execution: { Cmd: ['sh'], WorkingDir: '/srv' } }).process.cwd).toBe('/srv');
    expect(spec({}, { execution: { Cmd: ['sh'], WorkingDir: '' } }).process.cwd).toBe('/');
    expect(spec({ tty: true }).process.terminal).toBe(true);
    expect(spec({ readOnly: true }).root).toEqual({ path: '/store/c/rootfs', readonly: true });
    expect(spec({}, { rootfs: '/srv/root' }).root.path).toBe('/srv/root');
  });

  it('mounts the kernel’s file systems, then rcx’s files', () => {
    const all = spec().mounts.map(({ destination }) => destination);
    expect(all.slice(0, 2)).toEqual(['/proc', '/dev']);
    expect(all.slice(-3)).toEqual(['/etc/hosts', '/etc/hostname', '/etc/resolv.conf']);
    expect(spec().mounts.find(({ destination }) => destination === '/etc/hosts')).toMatchObject({
      type: 'bind',
      source: '/store/c/hosts',
    });
  });
});

describe('withUserMounts', () => {
  const mount = (destination: string) => ({ destination, type: 'bind', source: '/a', options: ['rbind'] });

  it('puts the user’s behind rcx’s own', () => {
    const all = withUserMounts(spec().mounts, [mount('/proc/x')]);
    expect(all.slice(-2).map(({ destination }) => destination)).toEqual(['/etc/resolv.conf', '/proc/x']);
  });

  it('leaves out what the user mounts himself', () => {
    const all = withUserMounts(spec().mounts, [mount('/dev/shm'), mount('/etc/hosts')]);
    const destinations = all.map(({ destination }) => destination);
    expect(destinations.filter((path) => path === '/dev/shm')).toHaveLength(1);
    expect(all.filter(({ destination }) => destination === '/etc/hosts')).toEqual([mount('/etc/hosts')]);
    expect(destinations.at(-1)).toBe('/etc/hosts');
  });
});
