import { describe, expect, it } from 'vitest';
import { imageId, imageTable } from '../../../../cli/output/imageTable.ts';
import type { ImageRow } from '../../../../ts/image/list.ts';
import type { StoredImage } from '../../../../ts/store/images.ts';

const ID = `sha256:${'12345678'.repeat(8)}` as const;
const DIGEST = `sha256:${'a'.repeat(64)}` as const;
const IMAGE = { id: ID, size: 77_823_456, config: { created: new Date().toISOString() } } as StoredImage;
const ROW: ImageRow = { image: IMAGE, repository: 'ubuntu', tag: 'latest', digest: DIGEST };

const table = (row: ImageRow, options = {}) =>
  imageTable([row], { noTrunc: false, digests: false, ...options })
    .split('\n')
    .map((line) => line.split(/ {3,}/));

describe('imageTable', () => {
  it('is Docker’s', () => {
    expect(table(ROW)).toEqual([
      ['REPOSITORY', 'TAG', 'IMAGE ID', 'CREATED', 'SIZE'],
      ['ubuntu', 'latest', '123456781234', 'Less than a second ago', '77.8MB'],
    ]);
  });

  it('shows whole ids and digests when asked', () => {
    const [header, row] = table(ROW, { noTrunc: true, digests: true });
    expect(header).toContain('DIGEST');
    expect(row?.slice(2, 4)).toEqual([DIGEST, ID]);
  });

  it('says <none> where there is none', () => {
    expect(table({ image: IMAGE }, { digests: true })[1]?.slice(0, 3)).toEqual(['<none>', '<none>', '<none>']);
  });

  it('knows no age of an image without a date', () => {
    const image = { ...IMAGE, config: {} } as StoredImage;
    expect(table({ ...ROW, image })[1]).toContain('N/A');
  });
});

describe('imageId', () => {
  it('is short unless asked for whole', () => {
    expect(imageId(ROW, { noTrunc: false })).toBe('123456781234');
    expect(imageId(ROW, { noTrunc: true })).toBe(ID);
  });
});
