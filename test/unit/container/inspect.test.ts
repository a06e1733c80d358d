import { describe, expect, it } from 'vitest';
import { inspectContainer } from '../../../ts/container/inspect.ts';
import { containerLayers } from '../../../ts/container/layers.ts';
import { lifeOf } from '../../../ts/container/life.ts';
import { changeLimits } from '../../../ts/container/limits/change.ts';
import { askedMounts } from '../../../ts/container/mounts/point.ts';
import type { ContainerOptions } from '../../../ts/container/options.ts';
import type { ContainerState } from '../../../ts/container/record.ts';
import { buildSpec } from '../../../ts/container/spec/build.ts';
import type { StoredContainer } from '../../../ts/container/store.ts';

const ID = 'c'.repeat(64);
const FOLDER = `/store/containers/${ID}`;
const OWNER = { pid: 1, startTime: '1', bootId: 'b' };
const IMAGE = `sha256:${'1'.repeat(64)}` as const;

interface Made {
  options?: ContainerOptions;
  state?: Partial<ContainerState>;
  rootfs?: string;
}

/** A container's record as creating one writes it. */
function container({ options = {}, state = {}, rootfs }: Made = {}): StoredContainer {
  const execution = { Entrypoint: ['sleep'], Cmd: ['9'], Env: ['A=b'], Labels: { a: 'b' }, StopSignal: 'SIGINT' };
  const { limits, notes } = changeLimits({}, {}, options, { cpus: '0', mems: '0', processors: 1 });
  const spec = buildSpec({ id: ID, folder: FOLDER, hostname: 'box', execution, options, rootfs, limits });
  const overlay = {
    lower: [`${FOLDER}/init`, '/store/layers/2/diff', '/store/layers/1/diff'],
    upper: `${FOLDER}/upper`,
    work: `${FOLDER}/work`,
    volatile: false,
  };
  const extras = { id: ID, initBinary: '/r', mountpoint: `${FOLDER}/rootfs`, user: 'me', init: true, noPivot: false };
  return {
    folder: FOLDER,
    config: {
      id: ID,
      name: 'web',
      created: '2026-01-02T03:04:05.678Z',
      ...(rootfs === undefined ? { image: 'debian', imageId: IMAGE } : {}),
      diffIds: [],
      execution,
      autoRemove: options.autoRemove ?? false,
      network: options.network ?? 'none',
      ...lifeOf(execution, options),
      ...notes,
      request: { spec, rcx: { ...extras, ...(rootfs === undefined ? { overlay } : {}) } },
    },
    state: { status: 'created', owner: OWNER, ...state },
  };
}

describe('inspectContainer', () => {
  it('says what the container is, in Docker’s words', () => {
    expect(inspectContainer(container())).toMatchObject({
      Id: ID,
      Created: '2026-01-02T03:04:05.678Z',
      Path: 'sleep',
      Args: ['9'],
      Image: IMAGE,
      Name: '/web',
      Driver: 'overlay',
      HostsPath: `${FOLDER}/hosts`,
      HostnamePath: `${FOLDER}/hostname`,
      ResolvConfPath: `${FOLDER}/resolv.conf`,
      Config: {
        Hostname: 'box',
        User: 'me',
        Entrypoint: ['sleep'],
        Cmd: ['9'],
        Image: 'debian',
        WorkingDir: '/',
        Labels: { a: 'b' },
        StopSignal: 'SIGINT',
      },
      GraphDriver: {
        Name: 'overlay',
        Data: {
          LowerDir: `${FOLDER}/init:/store/layers/2/diff:/store/layers/1/diff`,
          UpperDir: `${FOLDER}/upper`,
          WorkDir: `${FOLDER}/work`,
        },
      },
    });
  });

  it.each<[string, Partial<ContainerState>, object]>([
    ['created', {}, { Status: 'created', Running: false, Pid: 0, ExitCode: 0, StartedAt: '0001-01-01T00:00:00Z' }],
    [
      'running',
      { status: 'running', process: { ...OWNER, pid: 42 }, startedAt: '2026-01-02T03:04:06Z', root: 'chroot' },
      {
        Status: 'running',
        Running: true,
        Pid: 42,
        StartedAt: '2026-01-02T03:04:06Z',
        FinishedAt: '0001-01-01T00:00:00Z',
      },
    ],
    [
      'ended',
      { status: 'exited', exitCode: 3, finishedAt: '2026-01-02T03:04:07Z' },
      { Status: 'exited', Running: false, Pid: 0, ExitCode: 3, FinishedAt: '2026-01-02T03:04:07Z' },
    ],
    ['ended unseen', { status: 'exited' }, { ExitCode: -1 }],
    ['not startable', { error: 'no such program', exitCode: 127 }, { Error: 'no such program', ExitCode: 127 }],
  ])('tells of one that is %s', (_, state, expected) => {
    expect(inspectContainer(container({ state })).State).toMatchObject(expected);
  });

  it('tells what the record does not know', () => {
    const state = { status: 'running', process: { ...OWNER, pid: 42 }, health: 'unhealthy' } as const;
    const check = { Start: '1', End: '2', ExitCode: 1, Output: 'no' };
    const health = { Status: 'unhealthy', FailingStreak: 3, Log: [check] };
    const sizes = { rw: 5, rootFs: 50 };
    const paused = inspectContainer(container({ state }), { status: 'paused', health, sizes });
    expect(paused).toMatchObject({ SizeRw: 5, SizeRootFs: 50 });
    expect(paused.State).toMatchObject({ Status: 'paused', Running: true, Paused: true, Restarting: false });
    expect(paused.State.Health).toEqual(health);
    const plain = inspectContainer(container({ state }));
    expect(plain).not.toHaveProperty('SizeRw');
    expect(plain.State.Health).toEqual({ Status: 'unhealthy', FailingStreak: 0, Log: [] });
    expect(inspectContainer(container()).State).not.toHaveProperty('Health');
  });

  it('tells of restarts and of the want of memory', () => {
    const restarting = { status: 'restarting', exitCode: 1, restartCount: 4, oomKilled: true } as const;
    expect(inspectContainer(container({ state: restarting }))).toMatchObject({
      RestartCount: 4,
      State: { Status: 'restarting', Running: true, Restarting: true, OOMKilled: true, Dead: false, ExitCode: 1 },
    });
  });

  it('has what the container’s life was asked to be', () => {
    const options: ContainerOptions = {
      restart: { name: 'on-failure', maximumRetryCount: 3 },
      log: { maxSize: 1000, maxFile: 2 },
      openStdin: true,
      stdinOnce: true,
      stopTimeout: 7,
      healthcheck: { Test: ['CMD', 'true'], Retries: 2 },
    };
    expect(inspectContainer(container({ options }))).toMatchObject({
      LogPath: `${FOLDER}/container.log`,
      HostConfig: {
        RestartPolicy: { Name: 'on-failure', MaximumRetryCount: 3 },
        LogConfig: { Type: 'json-file', Config: { 'max-size': '1000', 'max-file': '2' } },
      },
      Config: {
        OpenStdin: true,
        StdinOnce: true,
        StopTimeout: 7,
        Healthcheck: { Test: ['CMD', 'true'], Retries: 2 },
      },
    });
    expect(inspectContainer(container({ options: { log: { driver: 'none' } } })).LogPath).toBe('');
  });

  it('says how the root was changed', () => {
    expect(inspectContainer(container()).RootChange).toBe('');
    expect(inspectContainer(container({ state: { root: 'chroot' } })).RootChange).toBe('chroot');
  });

  it('has the limits, 0 for none', () => {
    const none = { Memory: 0, MemorySwap: 0, NanoCpus: 0, PidsLimit: 0, ReadonlyRootfs: false, AutoRemove: false };
    expect(inspectContainer(container()).HostConfig).toMatchObject({ ...none, NetworkMode: 'none' });
    const options: ContainerOptions = {
      ...{ memory: 2 ** 26, cpus: 0.5, pidsLimit: 5, readOnly: true, autoRemove: true, network: 'host' },
    };
    expect(inspectContainer(container({ options })).HostConfig).toMatchObject({
      Memory: 2 ** 26,
      MemorySwap: 2 ** 27,
      NanoCpus: 500_000_000,
      PidsLimit: 5,
      ReadonlyRootfs: true,
      AutoRemove: true,
      NetworkMode: 'host',
    });
  });

  it('lists what is mounted beside rcx’s own, with Docker’s fields for each type', () => {
    expect(inspectContainer(container()).Mounts).toEqual([]);
    const stored = container();
    const common = { mode: '', rw: true, propagation: '' };
    stored.config.mounts = [
      { ...common, type: 'bind', source: '/a', destination: '/b', mode: 'ro', rw: false, propagation: 'rslave' },
      { ...common, type: 'volume', name: 'v1', source: '/v/v1/_data', destination: '/c', mode: 'z' },
      { ...common, type: 'tmpfs', source: '', destination: '/d' },
      { ...common, type: 'tmpfs', source: '', destination: '/of--tmpfs', hidden: true },
    ];
    expect(inspectContainer(stored).Mounts).toEqual([
      { Type: 'bind', Source: '/a', Destination: '/b', Mode: 'ro', RW: false, Propagation: 'rslave' },
      {
        ...{ Type: 'volume', Name: 'v1', Source: '/v/v1/_data', Destination: '/c', Driver: 'local' },
        ...{ Mode: 'z', RW: true, Propagation: '' },
      },
      { Type: 'tmpfs', Source: '', Destination: '/d', Mode: '', RW: true, Propagation: '' },
    ]);
  });

  it('says how mounts were asked for', () => {
    expect(inspectContainer(container()).HostConfig).toMatchObject({ Binds: null, VolumesFrom: null });
    const stored = container();
    const mounts: ContainerOptions['mounts'] = [
      { type: 'bind', source: '/a', target: '/b', options: ['ro'], flag: { name: '-v', text: '/a:/b:ro' } },
      { type: 'tmpfs', target: '/t', options: ['nosuid', 'size=1m'], flag: { name: '--tmpfs', text: 'size=1m' } },
      { type: 'tmpfs', target: '/u', options: ['size=4096', 'mode=1770'] },
      { type: 'volume', source: 'v1', target: '/c', options: ['ro'], volume: { noCopy: true, subpath: 's' } },
      { type: 'bind', source: '/x', target: '/y', options: ['ro', 'rslave'], bind: { recursive: 'writable' } },
      { type: 'image', source: 'img', target: '/i', options: ['ro'], image: { subpath: 'etc' } },
    ];
    stored.config.asked = askedMounts(mounts, ['other:ro']);
    expect(inspectContainer(stored).HostConfig).toMatchObject({
      Binds: ['/a:/b:ro'],
      Tmpfs: { '/t': 'size=1m' },
      VolumesFrom: ['other:ro'],
      Mounts: [
        { Type: 'tmpfs', Target: '/u', TmpfsOptions: { SizeBytes: 4096, Mode: 0o1770 } },
        { Type: 'volume', Source: 'v1', Target: '/c', ReadOnly: true, VolumeOptions: { NoCopy: true, Subpath: 's' } },
        {
          ...{ Type: 'bind', Source: '/x', Target: '/y', ReadOnly: true },
          BindOptions: { Propagation: 'rslave', ReadOnlyNonRecursive: true },
        },
        { Type: 'image', Source: 'img', Target: '/i', ReadOnly: true, ImageOptions: { Subpath: 'etc' } },
      ],
    });
  });

  it('has no layers for a bare root filesystem', () => {
    const bare = inspectContainer(container({ rootfs: '/srv/root' }));
    expect(bare).toMatchObject({ Driver: 'none', Image: '', GraphDriver: { Data: { RootDir: '/srv/root' } } });
    expect(bare.Config.Image).toBe('');
  });
});

describe('containerLayers', () => {
  it('are the union mount, top to bottom', () => {
    expect(containerLayers(container())).toEqual([
      { path: `${FOLDER}/upper`, mode: 'rw' },
      { path: `${FOLDER}/init`, mode: 'ro+wh' },
      { path: '/store/layers/2/diff', mode: 'ro+wh' },
      { path: '/store/layers/1/diff', mode: 'ro+wh' },
    ]);
  });

  it('are one directory without an image', () => {
    expect(containerLayers(container({ rootfs: '/srv' }))).toEqual([{ path: '/srv', mode: 'rw' }]);
    expect(containerLayers(container({ rootfs: '/srv', options: { readOnly: true } }))).toEqual([
      { path: '/srv', mode: 'ro' },
    ]);
  });
});
