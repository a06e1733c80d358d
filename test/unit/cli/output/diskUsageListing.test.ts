import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import {
  imageUsageListing,
  usageListing,
  usageRows,
  volumeUsageListing,
} from '../../../../cli/output/diskUsageListing.ts';
import { readListFormat } from '../../../../cli/output/listFormat.ts';
import type { StoredImage } from '../../../../ts/store/images.ts';
import type { ContainerUsage, DiskUsage, ImageUsage, VolumeUsage } from '../../../../ts/system/diskUsage.ts';

const ID = `sha256:${'12345678'.repeat(8)}` as const;
const image = { id: ID, config: { created: new Date().toISOString() } } as StoredImage;
const ofImage = (containers: number): ImageUsage => ({
  image,
  repository: 'app',
  tag: '1',
  size: 10_000_000,
  shared: 4_000_000,
  unique: 6_000_000,
  containers,
});
const ofContainer = (size: number, active: boolean) => ({ size, active }) as ContainerUsage;
const ofVolume = (name: string, size: number, links: number): VolumeUsage => ({
  ...{ name, size, links, createdAt: '2026-01-01T00:00:00Z', labels: {}, options: {} },
  ...{ folder: `/v/${name}`, mountpoint: `/v/${name}/_data` },
});
const USAGE: DiskUsage = {
  images: [ofImage(2), ofImage(0), ofImage(0)],
  imageSpace: 22_000_000,
  imageReclaimable: 13_999_999,
  containers: [ofContainer(4096, true), ofContainer(1_000_000, false)],
  volumes: [ofVolume('one', 3000, 1), ofVolume('two', 1000, 0)],
};

const lines = async (usage: DiskUsage, format?: string) =>
  (await readListFormat(new Command(), format))(usageListing, usageRows(usage)).join('\n');

describe('usageListing', () => {
  it('is Docker’s table', async () => {
    expect(await lines(USAGE)).toBe(
      [
        'TYPE            TOTAL     ACTIVE    SIZE      RECLAIMABLE',
        'Images          3         1         22MB      14MB (63%)',
        'Containers      2         1         1MB       1MB (99%)',
        'Local Volumes   2         1         4kB       1kB (25%)',
        'Build Cache     0         0         0B        0B',
      ].join('\n'),
    );
  });

  it('has Docker’s names', async () => {
    const empty = { images: [], imageSpace: 0, imageReclaimable: 0, containers: [], volumes: [] };
    expect((await lines(empty, 'json')).split('\n')[0]).toBe(
      '{"Active":"0","Reclaimable":"0B","Size":"0B","TotalCount":"0","Type":"Images"}',
    );
    expect(await lines(empty, '{{.Type}} {{.Size}}')).toMatch(/^Images 0B\nContainers 0B\n/);
  });
});

describe('volumeUsageListing', () => {
  it('is Docker’s table', async () => {
    const render = await readListFormat(new Command());
    expect(render(volumeUsageListing, USAGE.volumes).join('\n')).toBe(
      ['VOLUME NAME   LINKS     SIZE', 'one           1         3kB', 'two           0         1kB'].join('\n'),
    );
  });
});

describe('imageUsageListing', () => {
  it('is Docker’s table', async () => {
    const render = await readListFormat(new Command());
    expect(render(imageUsageListing(false), [ofImage(2)]).join('\n')).toBe(
      [
        'REPOSITORY   TAG       IMAGE ID       CREATED                  SIZE      SHARED SIZE   UNIQUE SIZE   CONTAINERS',
        'app          1         123456781234   Less than a second ago   10MB      4MB           6MB           2',
      ].join('\n'),
    );
  });
});
