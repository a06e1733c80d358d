import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  containerId,
  containerListing,
  containerStatus,
  type ListedContainer,
} from '../../../../cli/output/containerListing.ts';
import { readListFormat } from '../../../../cli/output/listFormat.ts';
import type { ContainerRow } from '../../../../ts/container/list.ts';
import type { MountPoint } from '../../../../ts/container/mounts/point.ts';
import type { ContainerState } from '../../../../ts/container/record.ts';
import type { ContainerStatus } from '../../../../ts/container/status.ts';
import { RcxError } from '../../../../ts/errors.ts';
import type { StoredImage } from '../../../../ts/store/images.ts';

const ID = '0123456789abcdef'.repeat(4);
const IMAGE = `sha256:${'f'.repeat(64)}` as const;
const OWNER = { pid: 1, startTime: '1', bootId: 'b' };

const MOUNTS: MountPoint[] = [
  { type: 'bind', source: '/a/rather/long/path', destination: '/x', mode: 'ro', rw: false, propagation: 'rprivate' },
  { type: 'tmpfs', source: '', destination: '/y', mode: '', rw: true, propagation: '' },
  { type: 'volume', name: 'data', source: '/v/data/_data', destination: '/z', mode: 'z', rw: true, propagation: '' },
];

function container(
  config: Partial<ContainerRow['config']> = {},
  args: string[] = ['sh', '-c', 'echo "hello world"'],
): ContainerRow {
  const own = { id: ID, name: 'web', created: new Date().toISOString(), image: 'debian', imageId: IMAGE };
  const linux = { resources: {} };
  const spec = { root: { path: '/srv/root' }, process: { args }, mounts: [], linux };
  const request = { spec, rcx: {} };
  const execution = { Labels: { 'com.example.my-role': 'front', b: '2' } };
  return {
    folder: '/store',
    config: { ...own, execution, request, network: 'none', mounts: MOUNTS, ...config } as ContainerRow['config'],
    state: { status: 'created', owner: OWNER },
    status: 'created',
  };
}

/** A store in which `debian` is the image of that ID, or nothing is known. */
function images(id?: string) {
  return {
    find(text: string): StoredImage {
      if (text === 'debian' && id !== undefined) return { id } as StoredImage;
      throw new RcxError('no such image', { code: 'ERR_RCX_IMAGE_NOT_FOUND' });
    },
  };
}

interface Options {
  id?: string;
  noTrunc?: boolean;
  size?: boolean;
}

async function list(listed: readonly ListedContainer[], format?: string, options: Options = {}): Promise<string> {
  const render = await readListFormat(new Command(), format);
  const { id, noTrunc = false, size = false } = options;
  return render(containerListing({ images: images(id), noTrunc, size }), listed).join('\n');
}

async function cells(stored: ContainerRow, options: Options = {}): Promise<string[]> {
  const table = await list([stored], undefined, options);
  return (table.split('\n')[1] ?? '').split(/ {3,}/);
}

describe('containerListing', () => {
  it('is Docker’s', async () => {
    expect(await list([])).toBe('CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES');
    expect(await cells(container(), { id: IMAGE })).toEqual([
      '0123456789ab',
      'debian',
      '"sh -c echo \\"hello w…"',
      'Less than a second ago',
      'Created',
      'web',
    ]);
  });

  it('shortens nothing when asked not to', async () => {
    const row = await cells(container(), { id: IMAGE, noTrunc: true });
    expect(row[0]).toBe(ID);
    expect(row[2]).toBe('"sh -c echo \\"hello world\\""');
  });

  it.each([
    ['its name became another image’s', `sha256:${'0'.repeat(64)}`],
    ['its name is gone', undefined],
  ])('shows the image’s id where %s', async (_, id) => {
    expect((await cells(container(), id === undefined ? {} : { id }))[1]).toBe('f'.repeat(12));
  });

  it('shows the directory of a bare root filesystem', async () => {
    const { image: _i, imageId: _d, ...bare } = container().config;
    expect((await cells({ ...container(), config: bare }))[1]).toBe('/srv/root');
  });

  it('sends a terminal nothing that it would obey', async () => {
    const evil = container({}, ['\u001b[2J\u009b', '\n']);
    const table = await list([evil], undefined, { id: IMAGE, noTrunc: true });
    expect(table.replace('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('lists what is damaged', async () => {
    const table = await list([{ damaged: ID }]);
    expect(table.split('\n')[1]).toMatch(/^0123456789ab\s+Damaged$/);
    expect(await list([{ damaged: ID }], '{{.ID}} {{.State}} {{.Names}}{{.Label "b"}}|')).toBe(
      '0123456789ab damaged |',
    );
  });

  it('looks each image up once', async () => {
    let lookUps = 0;
    const counting = {
      find(text: string) {
        lookUps++;
        return images(IMAGE).find(text);
      },
    };
    const render = await readListFormat(new Command());
    const many = Array.from({ length: 50 }, () => container());
    render(containerListing({ images: counting, noTrunc: false }), many);
    expect(lookUps).toBe(1);
  });

  it('has a column of sizes where it is asked for', async () => {
    const counted = { ...container(), sizes: { rw: 12_345, rootFs: 118_012_345 } };
    const table = await list([counted, container(), { damaged: ID }], undefined, { id: IMAGE, size: true });
    const sizes = table.split('\n').map((line) => line.split(/ {3,}/).at(-1));
    expect(sizes).toEqual(['SIZE', '12.3kB (virtual 118MB)', '0B', '0B']);
  });

  it('has Docker’s names for templates and JSON', async () => {
    expect(JSON.parse(await list([container()], 'json', { id: IMAGE }))).toEqual({
      Command: '"sh -c echo \\"hello w…"',
      CreatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \S+$/),
      ID: '0123456789ab',
      Image: 'debian',
      Labels: 'b=2,com.example.my-role=front',
      LocalVolumes: '1',
      Mounts: '/a/rather/long…,data',
      Names: 'web',
      Networks: 'none',
      Ports: '',
      RunningFor: 'Less than a second ago',
      Size: '0B',
      State: 'created',
      Status: 'Created',
    });
    await expect(list([container()], '{{.Sizes}}')).rejects.toThrow(/1:3: there is no field "Sizes"/);
  });

  it.each([
    ['{{.Label "com.example.my-role"}} {{.Label "nope"}}|{{.Label "constructor"}}|', 'front ||'],
    ['{{.Mounts}}', '/a/rather/long/path,data'],
    [
      'table {{.ID}}\\t{{.Label "com.example.my-role"}}\\t{{.Networks}}',
      `CONTAINER ID${' '.repeat(55)}my role   NETWORKS\n${ID}   front     none`,
    ],
  ])('%j prints %j', async (format, text) => {
    expect(await list([container()], format, { noTrunc: true })).toBe(text);
  });
});

describe('containerId', () => {
  it('is short unless asked for whole', () => {
    const listed = [container(), { damaged: '9'.repeat(64) }];
    expect(listed.map((each) => containerId(each, { noTrunc: false }))).toEqual(['0123456789ab', '9'.repeat(12)]);
    expect(listed.map((each) => containerId(each, { noTrunc: true }))).toEqual([ID, '9'.repeat(64)]);
  });
});

describe('containerStatus', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');

  const up = { status: 'running', startedAt: '2026-01-01T11:57:00Z' } as const;
  const over = { status: 'exited', finishedAt: '2026-01-01T11:58:00Z' } as const;

  it.each<[Partial<Omit<ContainerState, 'status'>> & { status: ContainerStatus }, string]>([
    [{ status: 'created' }, 'Created'],
    [{ status: 'created', error: 'no such program', exitCode: 127 }, 'Created'],
    [up, 'Up 3 minutes'],
    [{ ...up, status: 'paused' }, 'Up 3 minutes (Paused)'],
    [{ ...up, status: 'paused', health: 'healthy' }, 'Up 3 minutes (Paused)'],
    [{ ...up, startedAt: '2026-01-01T11:59:58Z', health: 'starting' }, 'Up 2 seconds (health: starting)'],
    [{ ...up, health: 'healthy' }, 'Up 3 minutes (healthy)'],
    [{ ...up, health: 'unhealthy' }, 'Up 3 minutes (unhealthy)'],
    [
      { status: 'restarting', exitCode: 1, startedAt: '2026-01-01T11:50:00Z', finishedAt: '2026-01-01T11:59:55Z' },
      'Restarting (1) 5 seconds ago',
    ],
    [{ ...over, exitCode: 0 }, 'Exited (0) 2 minutes ago'],
    [{ ...over, exitCode: 137, finishedAt: '2026-01-01T11:00:00Z' }, 'Exited (137) About an hour ago'],
    [{ ...over, exitCode: 1, finishedAt: '2026-01-01T09:00:00Z' }, 'Exited (1) 3 hours ago'],
    [over, 'Exited (unknown) 2 minutes ago'],
  ])('of %j is %s', ({ status, ...state }, text) => {
    const recorded = status === 'paused' ? 'running' : status;
    expect(containerStatus({ status, state: { status: recorded, owner: OWNER, ...state } }, now)).toBe(text);
  });
});
