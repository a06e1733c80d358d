import { describe, expect, it } from 'vitest';
import { containerIds, containerStatus, containerTable } from '../../../../cli/output/containerTable.ts';
import type { ContainerState } from '../../../../ts/container/record.ts';
import type { StoredContainer } from '../../../../ts/container/store.ts';
import { RcxError } from '../../../../ts/errors.ts';
import type { StoredImage } from '../../../../ts/store/images.ts';

const ID = '0123456789abcdef'.repeat(4);
const IMAGE = `sha256:${'f'.repeat(64)}` as const;
const OWNER = { pid: 1, startTime: '1', bootId: 'b' };

function container(
  config: Partial<StoredContainer['config']> = {},
  args: string[] = ['sh', '-c', 'echo "hello world"'],
): StoredContainer {
  const request = { spec: { process: { args }, root: { path: '/srv/root' } } } as StoredContainer['config']['request'];
  const own = { id: ID, name: 'web', created: new Date().toISOString(), image: 'debian', imageId: IMAGE };
  return {
    folder: '/store',
    config: { ...own, request, ...config } as StoredContainer['config'],
    state: { status: 'created', owner: OWNER },
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

function cells(stored: StoredContainer, options: { id?: string; noTrunc?: boolean } = {}): string[] {
  const table = containerTable([stored], [], { images: images(options.id), noTrunc: options.noTrunc ?? false });
  return (table.split('\n')[1] ?? '').split(/ {3,}/);
}

describe('containerTable', () => {
  it('is Docker’s', () => {
    const [header] = containerTable([], [], { images: images(), noTrunc: false }).split('\n');
    expect(header).toBe('CONTAINER ID   IMAGE     COMMAND   CREATED   STATUS    PORTS     NAMES');
    expect(cells(container(), { id: IMAGE })).toEqual([
      '0123456789ab',
      'debian',
      '"sh -c echo \\"hello w…"',
      'Less than a second ago',
      'Created',
      'web',
    ]);
  });

  it('shortens nothing when asked not to', () => {
    const row = cells(container(), { id: IMAGE, noTrunc: true });
    expect(row[0]).toBe(ID);
    expect(row[2]).toBe('"sh -c echo \\"hello world\\""');
  });

  it.each([
    ['its name became another image’s', `sha256:${'0'.repeat(64)}`],
    ['its name is gone', undefined],
  ])('shows the image’s id where %s', (_, id) => {
    expect(cells(container(), id === undefined ? {} : { id })[1]).toBe('f'.repeat(12));
  });

  it('shows the directory of a bare root filesystem', () => {
    const { image: _i, imageId: _d, ...bare } = container().config;
    expect(cells({ ...container(), config: bare })[1]).toBe('/srv/root');
  });

  it('sends a terminal nothing that it would obey', () => {
    const table = containerTable([container({}, ['\u001b[2J\u009b', '\n'])], [], {
      images: images(IMAGE),
      noTrunc: true,
    });
    expect(table.replace('\n', '')).not.toMatch(/\p{Cc}/u);
  });

  it('lists what is damaged', () => {
    const table = containerTable([], [ID], { images: images(), noTrunc: false });
    expect(table.split('\n')[1]).toMatch(/^0123456789ab\s+Damaged$/);
    expect(containerIds([container()], ['9'.repeat(64)], { noTrunc: false })).toEqual(['0123456789ab', '9'.repeat(12)]);
  });
});

describe('containerStatus', () => {
  const now = Date.parse('2026-01-01T12:00:00Z');

  it.each<[Partial<ContainerState>, string]>([
    [{ status: 'created' }, 'Created'],
    [{ status: 'running', startedAt: '2026-01-01T11:57:00Z' }, 'Up 3 minutes'],
    [{ status: 'exited', exitCode: 0, finishedAt: '2026-01-01T11:58:00Z' }, 'Exited (0) 2 minutes ago'],
    [{ status: 'exited', exitCode: 137, finishedAt: '2026-01-01T11:00:00Z' }, 'Exited (137) About an hour ago'],
    [{ status: 'exited', finishedAt: '2026-01-01T11:58:00Z' }, 'Exited (unknown) 2 minutes ago'],
  ])('of %j is %s', (state, text) => {
    expect(containerStatus({ state: { status: 'created', owner: OWNER, ...state } }, now)).toBe(text);
  });
});
