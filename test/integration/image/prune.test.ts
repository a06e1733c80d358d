import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { createContainer } from '../../../ts/container/create.ts';
import { Engine } from '../../../ts/engine.ts';
import { pruneImages } from '../../../ts/image/prune.ts';
import { removeImage } from '../../../ts/image/remove.ts';
import { digestOf, hexOf } from '../../../ts/oci/digest.ts';
import { OCI_INDEX } from '../../../ts/oci/mediaTypes.ts';
import { parseReference } from '../../../ts/oci/reference.ts';
import type { Descriptor, ImageIndex } from '../../../ts/oci/types.ts';
import { BlobStore } from '../../../ts/store/blobs.ts';
import type { StoredImage } from '../../../ts/store/images.ts';
import { contentLockPath, withLock } from '../../../ts/store/lock.ts';
import { parsePruneFilters } from '../../../ts/system/pruneFilters.ts';
import { fileLayer, pullArchives } from '../../support/layoutImages.ts';
import type { LayoutOptions } from '../../support/layoutWriter.ts';
import { scratchDirectory } from '../../support/scratch.ts';

const scratch = scratchDirectory();
const BASE = fileLayer('base', 'base'.repeat(20_000));
let engine: Engine;
let count = 0;
beforeEach(() => {
  const root = join(scratch, String(count++));
  engine = new Engine({ root, run: join(root, 'run') });
});

/** An image with a layer of its own on one that all have. */
async function add(name: string, content = name, options: LayoutOptions = {}): Promise<StoredImage> {
  const archives = [BASE, fileLayer('own', content.repeat(10_000))];
  return (await pullArchives(scratch, engine.paths, name, archives, options)).image;
}

const use = (image: StoredImage, name: string) =>
  createContainer(engine, { image, reference: 'x' }, { name, command: ['x'] });
const names = () => engine.images.list().flatMap(({ references }) => references);
const blobs = () => readdirSync(join(engine.paths.images, 'blobs/sha256')).length;
const layers = () => readdirSync(engine.paths.layers).sort();

/** What the disk has of blobs and layers, by another program's count. */
function onDisk(): number {
  const { images, layers: trees, containers } = engine.paths;
  const places = [join(images, 'blobs'), trees, containers].filter((path) => existsSync(path));
  const output = execFileSync('du', ['--summarize', '--total', '--block-size=1', ...places], { encoding: 'utf8' });
  return Number(output.trimEnd().split('\n').at(-1)?.split('\t')[0]);
}

describe('a prune of images', () => {
  it('removes those that lost their name, and tells what the disk got back', async () => {
    const old = await add('app', 'old');
    const current = await add('app', 'new');
    const before = onDisk();
    const { images, reclaimed, kept } = await pruneImages(engine);
    expect(images).toEqual([{ untagged: [], deleted: [old.id, old.diffIds[1]] }]);
    expect(kept).toEqual([]);
    expect(reclaimed).toBe(before - onDisk());
    expect(reclaimed).toBeGreaterThan(30_000);
    expect(layers()).toEqual(current.diffIds.map(hexOf).sort());
    expect([names(), blobs()]).toEqual([['docker.io/library/app:latest'], 4]);
  });

  it('removes one that was pulled by digest, as docker does', async () => {
    const { image, layout } = await pullArchives(scratch, engine.paths, 'app@sha256:'.padEnd(75, '0'), [BASE]);
    const [{ untagged, deleted } = { untagged: [], deleted: [] }] = (await pruneImages(engine)).images;
    expect(untagged).toEqual([`app@${layout.manifest.digest}`]);
    expect(deleted).toEqual([image.id, ...image.diffIds]);
  });

  it('spares what a container uses, and with -a takes all else', async () => {
    const [used, other] = [await add('used'), await add('other:1')];
    await engine.images.tag('other:1', parseReference('localhost/more'));
    await use(used, 'user');
    expect((await pruneImages(engine)).images).toEqual([]);
    const { images } = await pruneImages(engine, { all: true });
    expect(images).toEqual([
      {
        untagged: ['other:1', 'localhost/more:latest', `other@${other.manifest.digest}`],
        deleted: [other.id, other.diffIds[1]],
      },
    ]);
    await engine.containers.remove(engine.containers.find('user'));
    const before = onDisk();
    const { reclaimed } = await pruneImages(engine, { all: true });
    expect(reclaimed).toBe(before - onDisk());
    expect([names(), layers(), blobs()]).toEqual([[], [], 0]);
  });

  it.each([
    [['until=1h'], ['old']],
    [['until=2020-06-01'], ['old']],
    [['label=keep'], ['kept']],
    [['label=keep=yes'], ['kept']],
    [['label=keep=no'], []],
    [['label!=keep'], ['old', 'undated']],
    [['label!=keep', 'until=1h'], ['old']],
  ])('with the filters %j takes only %j', async (filters, expected) => {
    await add('old', 'old', { config: { created: '2020-01-01T00:00:00Z' } });
    const config = { created: new Date().toISOString(), config: { Labels: { keep: 'yes' } } };
    await add('kept', 'kept', { config });
    await add('undated');
    const options = { all: true, filters: parsePruneFilters(filters) };
    const taken = (await pruneImages(engine, options)).images.map(({ untagged }) => untagged[0]);
    expect(taken.sort()).toEqual(expected.map((name) => `${name}:latest`));
  });

  it('collects what a killed removal or pull has left, but with filters only what is half-made', async () => {
    const image = await add('app');
    // As rmi leaves it when it is killed after its first step.
    await engine.images.drop([image.manifest.digest]);
    mkdirSync(join(engine.paths.layers, '.tmp-dead/diff/d'), { recursive: true });
    writeFileSync(join(engine.paths.layers, '.tmp-dead/diff/d/file'), 'x'.repeat(50_000));
    writeFileSync(join(engine.paths.images, '.tmp-dead'), 'x'.repeat(50_000));
    mkdirSync(join(engine.paths.containers, '.tmp-dead'), { recursive: true });
    const some = await pruneImages(engine, { filters: parsePruneFilters(['label=x']) });
    expect(some.reclaimed).toBeGreaterThan(100_000);
    expect([layers().length, blobs()]).toEqual([2, 4]);
    const before = onDisk();
    const all = await pruneImages(engine);
    expect(all).toMatchObject({ images: [], reclaimed: before - onDisk() });
    expect([layers(), blobs()]).toEqual([[], 0]);
    expect(readdirSync(join(engine.paths.root, 'locks')).sort()).toEqual(['content', 'images']);
  });

  it('keeps what another tool has put into the layout, and what that leads to', async () => {
    const image = await add('app');
    const store = new BlobStore(engine.paths);
    const other = { ...image.manifest, digest: digestOf(Buffer.from('of a platform that is not here')) };
    const bytes = Buffer.from(JSON.stringify({ schemaVersion: 2, manifests: [image.manifest, other] }));
    await store.put(digestOf(bytes), bytes);
    const artifact = Buffer.from('not even JSON');
    await store.put(digestOf(artifact), artifact);
    const path = join(engine.paths.images, 'index.json');
    const index = JSON.parse(readFileSync(path, 'utf8')) as ImageIndex;
    const entries: Descriptor[] = [
      { mediaType: OCI_INDEX, digest: digestOf(bytes), size: bytes.length },
      { mediaType: 'application/x-anything', digest: digestOf(artifact), size: artifact.length },
    ];
    writeFileSync(path, JSON.stringify({ ...index, manifests: [...index.manifests, ...entries] }));
    const { images } = await pruneImages(engine, { all: true });
    expect(images).toMatchObject([{ untagged: ['app:latest', expect.anything()], deleted: [image.id] }]);
    // Both documents, and the manifest with its config and layers.
    expect([names(), layers().length, blobs()]).toEqual([[], 2, 6]);
  });

  it('counts nothing that has another name elsewhere', async () => {
    const image = await add('app');
    const layer = join(engine.layers.path(image.diffIds[1] ?? image.id), 'd/own');
    execFileSync('ln', [layer, join(scratch, `link-${count}`)]);
    const before = onDisk();
    const { reclaimed } = await pruneImages(engine, { all: true });
    // The file of 30000 bytes has eight blocks.
    expect(reclaimed).toBe(before - onDisk() - 8 * 4096);
  });

  it('waits for whoever relies on what it would delete', async () => {
    await add('app');
    let waits = 0;
    let pruning: Promise<unknown> | undefined;
    const wait = async () => {
      await new Promise<void>((resolve) => {
        const onWait = () => {
          waits++;
          resolve();
        };
        pruning = pruneImages(engine, { all: true, onWait });
      });
      expect(names()).toHaveLength(1);
    };
    await withLock(contentLockPath(engine.paths), wait, { shared: true });
    await pruning;
    expect([waits, names()]).toEqual([1, []]);
  });
});

describe('what cannot be read', () => {
  it('keeps a prune and rmi from deleting what it may need', async () => {
    const [damaged, other] = [await add('damaged'), await add('other')];
    rmSync(new BlobStore(engine.paths).path(damaged.id));
    const fresh = new Engine({ root: engine.paths.root, run: engine.paths.run });
    const { deleted, kept } = await removeImage(fresh, 'other');
    expect({ deleted, kept }).toEqual({
      deleted: [other.id],
      kept: [
        { what: 'image', name: 'docker.io/library/damaged:latest', why: expect.stringContaining('not in the store') },
      ],
    });
    expect(await pruneImages(fresh, { all: true })).toMatchObject({ images: [], reclaimed: 0, kept });
    expect([layers().length, blobs()]).toEqual([3, 6]);
    await removeImage(fresh, 'damaged');
    expect((await pruneImages(fresh)).kept).toEqual([]);
    expect([layers(), blobs()]).toEqual([[], 0]);
  });

  it('keeps trees, and not blobs, when it is a container’s record', async () => {
    const image = await add('app');
    const { folder, config } = await use(image, 'user');
    writeFileSync(join(folder, 'config.json'), '{');
    const { kept } = await pruneImages(engine, { all: true });
    expect(kept).toEqual([{ what: 'container', name: config.id, why: expect.stringContaining('config.json') }]);
    expect([layers().length, blobs()]).toEqual([2, 0]);
    await engine.containers.removeDamaged(config.id);
    await pruneImages(engine);
    expect(layers()).toEqual([]);
  });
});
