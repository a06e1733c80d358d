import { describe, expect, it } from 'vitest';
import { readContainerSettings } from '../../../ts/api/options/container.ts';
import { type RunOptions, run, spawn } from '../../../ts/index.ts';

const MIB = 1024 ** 2;

describe('the options of a container', () => {
  it.each([
    [
      { memory: '64m', memorySwap: -1, pids: 5, cpus: 1.5, cpuset: '0-1' },
      { memory: 64 * MIB, memorySwap: -1, pidsLimit: 5, cpus: 1.5, cpusetCpus: '0-1' },
    ],
    [{ env: { A: '1', B: undefined, C: 'x=y' } }, { env: ['A=1', 'C=x=y'] }],
    [{ env: ['A=1'] }, { env: ['A=1'] }],
    [
      { cwd: '/srv', user: 1000, groups: ['a', 5] },
      { workdir: '/srv', user: '1000', groups: ['a', '5'] },
    ],
    [{ entrypoint: 'sh' }, { entrypoint: ['sh'] }],
    [{ entrypoint: [] }, { entrypoint: [] }],
    [
      { ulimits: { nofile: 99, nproc: '5:6' } },
      {
        rlimits: [
          { name: 'nofile', soft: 99, hard: 99 },
          { name: 'nproc', soft: 5, hard: 6 },
        ],
      },
    ],
    [{ network: 'none' }, { network: 'none' }],
    [
      { network: ['front', 'name=back,alias=db'] },
      { network: 'front', moreNetworks: [{ network: 'back', aliases: ['db'] }] },
    ],
    [{ expose: [80, '90-91/udp'] }, { exposedPorts: ['80/tcp', '90/udp', '91/udp'] }],
    [{ addHosts: { db: '10.0.0.1' } }, { addHosts: ['db:10.0.0.1'] }],
    [{ sysctls: { 'net.ipv4.ip_forward': 1 } }, { sysctls: { 'net.ipv4.ip_forward': '1' } }],
    [{ restart: 'on-failure:3' }, { restart: { name: 'on-failure', maximumRetryCount: 3 } }],
    [
      { stopSignal: 'INT', stopTimeout: 3 },
      { stopSignal: '2', stopTimeout: 3 },
    ],
    [{ platform: 'linux/arm64' }, { platform: { os: 'linux', architecture: 'arm64' } }],
    [{ log: { maxSize: '1m', maxFile: 2 } }, { log: { maxSize: MIB, maxFile: 2 } }],
    [
      { mounts: [{ type: 'tmpfs', target: '/t', size: '1m', mode: '1777' }] },
      { mounts: [{ type: 'tmpfs', target: '/t' }] },
    ],
    [
      { mounts: [{ source: '/a,b"c', target: '/d', readOnly: true, propagation: 'rslave' }] },
      { mounts: [{ type: 'bind', source: '/a,b"c', target: '/d' }] },
    ],
    [
      { mounts: [{ type: 'volume', source: 'vv', target: '/d', subpath: 'x', noCopy: true }] },
      { mounts: [{ volume: { subpath: 'x', noCopy: true } }] },
    ],
    [{ name: undefined, memory: undefined }, {}],
  ])('are read: %j', (settings, expected) => {
    expect(readContainerSettings(settings as never)).toMatchObject(expected);
  });
});

describe('a wrong option', () => {
  const wrong: [string, unknown, RegExp][] = [
    ['memory', 'lots', /bytes/],
    ['memory', -5, /bytes/],
    ['memory', Number.NaN, /bytes/],
    ['memory', { bytes: 5 }, /bytes/],
    ['cpus', '2', /number/],
    ['pids', 1.5, /whole number/],
    ['env', { A: 1 }, /string/],
    ['env', ['A'], /NAME=value/],
    ['env', { '': 'x' }, /NAME=value/],
    ['cwd', 5, /string/],
    ['cwd', 'a\0b', /NUL/],
    ['user', {}, /string/],
    ['tty', 'yes', /true or false/],
    ['mounts', '/a:/b', /array/],
    ['mounts', ['relative:b'], /./],
    ['mounts', [{ source: '/a' }], /string/],
    ['mounts', [{ source: '/a', target: '/b', wrong: 1 }], /there are/],
    ['mounts', [{ type: 'nfs', target: '/b' }], /bind, volume/],
    ['ports', ['80:eighty'], /./],
    ['network', [], /name a network/],
    ['ulimits', { nothing: 1 }, /./],
    ['ipc', 'public', /./],
    ['stopSignal', 'SIGNOT', /name/],
    ['labels', ['a'], /object/],
    ['platform', 'dos', /./],
    ['timeout', 0, /milliseconds/],
    ['timeout', 2 ** 31, /milliseconds/],
    ['timeout', '5s', /number/],
    ['signal', {}, /AbortSignal/],
    ['killSignal', 99, /signal|1 to 64/],
    ['stdin', 'text', /input/],
    ['stdout', 'file', /pipe, inherit, ignore/],
    ['input', 5, /text or bytes/],
    ['encoding', 'latin1', /utf8, buffer/],
    ['maxBuffer', -1, /whole number/],
    ['pull', 'often', /missing, always, never/],
    ['engine', {}, /Engine/],
  ];
  it.each(wrong)(
    'is refused before anything is done, by its name and what it can be: %s %j',
    async (name, value, allowed) => {
      const error = await run('localhost/none', ['true'], { [name]: value } as RunOptions).catch((e) => e);
      expect(error).toMatchObject({ name: 'RcxError', code: 'ERR_RCX_INVALID_OPTION', step: 'read the options' });
      expect(error.path).toMatch(new RegExp(`^${name}`));
      expect(error.hint).toMatch(allowed);
      expect(error.message).toContain(name);
    },
  );

  it('is one that only a detached container has', async () => {
    const wrong = run('localhost/none', ['true'], { restart: 'always' });
    await expect(wrong).rejects.toMatchObject({ code: 'ERR_RCX_INVALID_OPTION', path: 'restart' });
    expect(() => spawn('localhost/none', [], { detached: true, timeout: 5 })).toThrow(/timeout/);
  });

  it('is one that there is not', async () => {
    const error = await run('localhost/none', ['true'], { Memory: 5 } as RunOptions).catch((e) => e);
    expect(error).toMatchObject({ code: 'ERR_RCX_INVALID_OPTION', path: 'Memory', hint: 'memory is meant, perhaps' });
    expect(() => spawn('localhost/none', [], { input: 'x' } as never)).toThrow(/input/);
    expect(() => spawn('localhost/none', [], null as never)).toThrow(/object/);
  });

  it.each([
    [5, ['true']],
    [{}, ['true']],
    ['ubuntu', 'true'],
    ['ubuntu', [5]],
    ['ubuntu', ['a\0b']],
  ])('is an image or a command that is none: %j %j', async (image, command) => {
    await expect(run(image as string, command as string[])).rejects.toMatchObject({ code: 'ERR_RCX_INVALID_OPTION' });
  });
});
