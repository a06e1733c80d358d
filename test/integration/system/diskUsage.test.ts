import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createContainer } from '../../../ts/container/create.ts';
import { Engine } from '../../../ts/engine.ts';
import { pruneImages } from '../../../ts/image/prune.ts';
import { hexOf } from '../../../ts/oci/digest.ts';
import { parseReference } from '../../../ts/oci/reference.ts';
import type { StoredImage } from '../../../ts/store/images.ts';
import { diskUsage } from '../../../ts/system/diskUsage.ts';
import { fileLayer, pullArchives } from '../../support/layoutImages.ts';
import { scratchDirectory } from '../../support/scratch.ts';

const scratch = scratchDirectory();
const BASE = fileLayer('base', 'base'.repeat(20_000));
let engine: Engine;
let count = 0;
beforeEach(() => {
  const root = join(scratch, String(count++));
  engine = new Engine({ root, run: join(root, 'run') });
});

const add = async (name: string) =>
  (await pullArchives(scratch, engine.paths, name, [BASE, fileLayer('own', name.repeat(10_000))])).image;
const use = (image: StoredImage, name: string) =>
  createContainer(engine, { image, reference: 'x' }, { name, command: ['x'] });

/** By another program's count. */
function du(...paths: string[]): number {
  const output = execFileSync('du', ['--total', '--summarize', '--block-size=1', ...paths], { encoding: 'utf8' });
  return Number(output.trimEnd().split('\n').at(-1)?.split('\t')[0]);
}

describe('what the store takes', () => {
  it('is nothing when there is nothing', async () => {
    expect(await diskUsage(engine)).toEqual({
      images: [],
      imageSpace: 0,
      imageReclaimable: 0,
      containers: [],
      volumes: [],
    });
  });

  it('is told for each image, with what it has in common with others', async () => {
    const [one, two] = [await add('one'), await add('two')];
    await engine.images.tag('one', parseReference('localhost/again'));
    const { images, imageSpace, imageReclaimable } = await diskUsage(engine);
    expect(images.map(({ repository, tag, containers }) => [repository, tag, containers])).toEqual([
      ['one', 'latest', 0],
      ['two', 'latest', 0],
    ]);
    const layer = (image: StoredImage, number: number) =>
      join(engine.paths.layers, hexOf(image.diffIds[number] ?? image.id));
    const blobs = join(engine.paths.images, 'blobs/sha256');
    const all = [layer(one, 0), layer(one, 1), layer(two, 1)];
    const ofBlobs = du(blobs) - Number(execFileSync('stat', ['-c', '%b', blobs])) * 512;
    expect(imageSpace).toBe(du(...all) + ofBlobs);
    expect(imageReclaimable).toBe(imageSpace);
    const [first, second] = images;
    expect(first?.shared).toBe(second?.shared);
    expect(first?.shared).toBeGreaterThanOrEqual(du(layer(one, 0)));
    expect(first?.unique).toBeGreaterThanOrEqual(du(layer(one, 1)));
    expect((first?.shared ?? 0) + (first?.unique ?? 0) + (second?.unique ?? 0)).toBe(imageSpace);
    expect(first?.size).toBe((first?.shared ?? 0) + (first?.unique ?? 0));
  });

  it('is reclaimable but for what containers need, as a prune shows', async () => {
    const [used] = [await add('used'), await add('spare')];
    await use(used, 'user');
    const { images, imageReclaimable } = await diskUsage(engine);
    expect(images.map(({ containers }) => containers)).toEqual([1, 0]);
    const { reclaimed } = await pruneImages(engine, { all: true });
    expect(imageReclaimable).toBe(reclaimed);
    expect(imageReclaimable).toBeGreaterThan(40_000);
    expect(await diskUsage(engine)).toMatchObject({ imageReclaimable: 0 });
  });

  it('counts content that no image has', async () => {
    const image = await add('one');
    const { imageSpace } = await diskUsage(engine);
    await engine.images.drop([image.manifest.digest]);
    expect(await diskUsage(engine)).toEqual({
      images: [],
      imageSpace,
      imageReclaimable: imageSpace,
      containers: [],
      volumes: [],
    });
  });

  it('promises nothing where a record cannot be read', async () => {
    const { folder } = await use(await add('one'), 'user');
    await add('two');
    writeFileSync(join(folder, 'config.json'), '');
    expect(await diskUsage(engine)).toMatchObject({ imageReclaimable: 0, containers: [] });
  });

  it('of a container is what it wrote', async () => {
    const { folder } = await use(await add('one'), 'user');
    expect((await diskUsage(engine)).containers).toMatchObject([{ size: 0, active: false }]);
    writeFileSync(join(folder, 'upper/file'), 'x'.repeat(10_000));
    expect((await diskUsage(engine)).containers).toMatchObject([{ size: 3 * 4096, config: { name: 'user' } }]);
  });
});
