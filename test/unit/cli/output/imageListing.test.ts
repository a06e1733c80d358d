import { Command } from 'commander';
import { describe, expect, it } from 'vitest';
import { imageId, imageListing } from '../../../../cli/output/imageListing.ts';
import { readListFormat } from '../../../../cli/output/listFormat.ts';
import type { ImageRow } from '../../../../ts/image/list.ts';
import type { StoredImage } from '../../../../ts/store/images.ts';

const ID = `sha256:${'12345678'.repeat(8)}` as const;
const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const IMAGE = { id: ID, size: 77_823_456, config: { created: new Date().toISOString() } } as StoredImage;
const ROW: ImageRow = { image: IMAGE, repository: 'ubuntu', tag: 'latest', digest: DIGEST };

async function list(row: ImageRow, format?: string, options = {}): Promise<string> {
  const render = await readListFormat(new Command(), format);
  return render(imageListing({ noTrunc: false, digests: false, ...options }), [row]).join('\n');
}

async function table(row: ImageRow, options = {}): Promise<string[][]> {
  const text = await list(row, undefined, options);
  return text.split('\n').map((line) => line.split(/ {3,}/));
}

describe('imageListing', () => {
  it('is Docker’s', async () => {
    expect(await table(ROW)).toEqual([
      ['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE'],
      ['ubuntu', 'latest', '123456781234', 'Less than a second ago', '77.8MB'],
    ]);
  });

  it('shows whole ids and digests when asked', async () => {
    const [header, row] = await table(ROW, { noTrunc: true, digests: true });
    expect(header).toContain('DIGEST');
    expect(row?.slice(2, 4)).toEqual([DIGEST, ID]);
  });

  it('says <none> where there is none', async () => {
    expect((await table({ image: IMAGE }, { digests: true }))[1]?.slice(0, 3)).toEqual(['<none>', '<none>', '<none>']);
  });

  it('knows no age of an image without a date', async () => {
    const image = { ...IMAGE, config: {} } as StoredImage;
    expect((await table({ ...ROW, image }))[1]).toContain('N/A');
    expect(await list({ ...ROW, image }, '{{.CreatedAt}} {{.CreatedSince}}')).toBe('N/A N/A');
  });

  it('has Docker’s names for templates and JSON', async () => {
    expect(JSON.parse(await list(ROW, 'json'))).toEqual({
      Containers: 'N/A',
      CreatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4} \S+$/),
      CreatedSince: 'Less than a second ago',
      Digest: DIGEST,
      ID: '123456781234',
      Repository: 'ubuntu',
      SharedSize: 'N/A',
      Size: '77.8MB',
      Tag: 'latest',
      UniqueSize: 'N/A',
      VirtualSize: 'N/A',
    });
    expect(await list(ROW, '{{.Repository}}@{{.Digest}} {{.ID}}', { noTrunc: true })).toBe(`ubuntu@${DIGEST} ${ID}`);
    expect(
      await list(ROW, 'table {{.ID}}\\t{{.Containers}}\\t{{.SharedSize}}\\t{{.UniqueSize}}\\t{{.VirtualSize}}'),
    ).toBe(
      'IMAGE ID       CONTAINERS   SHARED SIZE   UNIQUE SIZE   SIZE\n' +
        '123456781234   N/A          N/A           N/A           N/A',
    );
  });
});

describe('imageId', () => {
  it('is short unless asked for whole', () => {
    expect(imageId(ROW, { noTrunc: false })).toBe('123456781234');
    expect(imageId(ROW, { noTrunc: true })).toBe(ID);
  });
});
