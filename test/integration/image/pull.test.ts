import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { PullEvent } from '../../../ts/image/events.ts';
import { native } from '../../../ts/native/index.ts';
import { type Digest, hexOf } from '../../../ts/oci/digest.ts';
import { LayoutSource } from '../../support/layoutSource.ts';
import { asTar, type WrittenLayout, writeLayout } from '../../support/layoutWriter.ts';
import { withUnion } from '../../support/overlay.ts';
import { newTestStore, type TestStore } from '../../support/pulling.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';
import { readTree } from '../../support/tree.ts';

const scratch = scratchDirectory();
const BASE = new TarBuilder().directory('d').file('d/a', 'base').file('b', 'x'.repeat(100_000)).build();
const MIDDLE = new TarBuilder().directory('d').file('d/.wh.a').file('d/c', 'middle').build();
const TOP = new TarBuilder().file('b', 'top').build();

let store: TestStore;
let source: LayoutSource;
let layout: WrittenLayout;
let directory: string;

beforeEach(() => {
  store = newTestStore(scratch);
  directory = mkdtempSync(join(scratch, 'layout-'));
  layout = writeLayout(directory, [BASE, MIDDLE, TOP]);
  source = new LayoutSource(directory);
});

const layerBlobs = () => layout.layers.map(({ digest }) => digest);

describe('what a pull brings', () => {
  test('the image under its name, its blobs, its layers, and nothing else', async () => {
    const image = await store.pull(source, 'app:latest');
    expect(image).toMatchObject({
      id: layout.config.digest,
      references: ['docker.io/library/app:latest'],
      repoDigests: [`docker.io/library/app@${layout.manifest.digest}`],
      diffIds: layout.diffIds,
      size: 4 + 100_000 + 6 + 3,
    });
    const blobs = [layout.manifest, layout.config, ...layout.layers].map(({ digest }) => hexOf(digest));
    expect(store.content()).toEqual({
      layers: layout.diffIds.map(hexOf).sort(),
      images: ['blobs', 'index.json', 'oci-layout'],
      blobs: blobs.sort(),
    });
  });

  test('layers that the source has as files, which are not copied', async () => {
    const path = ({ digest }: { digest: string }) => join(directory, 'blobs/sha256', digest.slice('sha256:'.length));
    const files = Object.assign(source, { blobFile: path });
    const { diffIds } = await store.pull(files, 'app:latest');
    expect(source.fetched).toEqual([layout.config.digest]);
    for (const layer of layout.layers)
      expect(statSync(store.blobs.path(layer.digest)).ino).toBe(statSync(path(layer)).ino);
    expect(diffIds.every((diffId) => store.layers.has(diffId))).toBe(true);
    // A layer whose tree is there needs its blob alone.
    const [first] = layout.layers;
    store.blobs.remove(first?.digest as Digest);
    await store.pull(files, 'app:latest');
    expect(store.blobs.has(first?.digest as Digest)).toBe(true);
  });

  test('layers that are the image when mounted', async () => {
    const { diffIds } = await store.pull(source, 'app:latest');
    const tree = await withUnion(scratch, store.layers.lowerDirectories(diffIds), readTree);
    expect(Object.keys(tree)).toEqual(['.', 'b', 'd', 'd/c']);
    expect(tree.b?.size).toBe(3);
  });

  test('a layer that hides everything ends the list of those to mount', async () => {
    const opaque = new TarBuilder().file('.wh..wh..opq').file('only', 'x').build();
    writeLayout(directory, [BASE, opaque, TOP]);
    const { diffIds } = await store.pull(source, 'app:latest');
    const directories = store.layers.lowerDirectories(diffIds);
    expect(directories).toHaveLength(2);
    expect(Object.keys(await withUnion(scratch, directories, readTree))).toEqual(['.', 'b', 'only']);
  });

  test('events that tell of each layer from start to end', async () => {
    const events: PullEvent[] = [];
    await store.pull(source, 'app:latest', { onEvent: (event) => events.push(event) });
    expect(events[0]).toEqual({
      type: 'manifest',
      digest: layout.manifest.digest,
      source: layout.manifest.digest,
      layers: layout.layers.map(({ digest, size }) => ({ digest, size })),
    });
    for (const { digest, size } of layout.layers) {
      const own = events.filter((event) => event.type === 'layer' && event.digest === digest);
      expect(own[0]).toMatchObject({ status: 'waiting' });
      expect(own.at(-1)).toMatchObject({ status: 'complete' });
      expect(own).toContainEqual({ type: 'layer', digest, status: 'downloading', current: size, total: size });
    }
  });
});

describeWith({ root: true, commands: ['skopeo', 'umoci'] }, 'the store is an OCI layout that others read', () => {
  test('skopeo inspects it, umoci unpacks it', async () => {
    await store.pull(source, 'app:latest');
    const name = `${store.paths.images}:docker.io/library/app:latest`;
    const inspected = JSON.parse(execFileSync('skopeo', ['inspect', `oci:${name}`], { encoding: 'utf8' })) as object;
    expect(inspected).toMatchObject({ Digest: layout.manifest.digest, Layers: layerBlobs() });
    // umoci takes the tag's colon for its own: it gets a copy under a plain one.
    const copy = join(mkdtempSync(join(scratch, 'copy-')), 'layout');
    execFileSync('skopeo', ['copy', '--quiet', `oci:${name}`, `oci:${copy}:plain`]);
    const bundle = join(mkdtempSync(join(scratch, 'bundle-')), 'bundle');
    execFileSync('umoci', ['unpack', '--image', `${copy}:plain`, bundle], { stdio: 'pipe' });
    expect(Object.keys(readTree(join(bundle, 'rootfs')))).toEqual(['.', 'b', 'd', 'd/c']);
  });
});

describe('what is there is not fetched again', () => {
  test('the same image: nothing', async () => {
    await store.pull(source, 'app:latest');
    const again = new LayoutSource(directory);
    const statuses: string[] = [];
    await store.pull(again, 'other', { onEvent: (event) => event.type === 'layer' && statuses.push(event.status) });
    expect(again.fetched).toEqual([]);
    expect(statuses).toEqual(['exists', 'exists', 'exists']);
  });

  test('another image on the same base: only its own layer', async () => {
    await store.pull(source, 'app:latest');
    const other = writeLayout(directory, [BASE, new TarBuilder().file('other').build()]);
    const second = new LayoutSource(directory);
    await store.pull(second, 'other');
    expect(second.fetched).toEqual([other.config.digest, other.layers[1]?.digest]);
  });

  test('a layer whose blob is there is unpacked from it', async () => {
    await store.pull(source, 'app:latest');
    await native().removeTree(store.layers.path(layout.diffIds[0] as `sha256:${string}`).replace(/\/diff$/, ''));
    const again = new LayoutSource(directory);
    await store.pull(again, 'app:latest');
    expect(again.fetched).toEqual([]);
    expect(store.content().layers).toHaveLength(3);
  });

  test('a blob whose layer is there is only fetched: the same tree may come from several blobs', async () => {
    await store.pull(source, 'app:latest');
    const plain = writeLayout(directory, [BASE, MIDDLE, TOP], { compress: asTar });
    const second = new LayoutSource(directory);
    const image = await store.pull(second, 'plain');
    expect(image.diffIds).toEqual(layout.diffIds);
    expect(second.fetched.sort()).toEqual(plain.layers.map(({ digest }) => digest).sort());
    expect(store.content().blobs).toHaveLength(2 * 3 + 2 + 1);
  });

  test('a layer that an image has twice: once', async () => {
    const twice = writeLayout(directory, [TOP, TOP]);
    await store.pull(source, 'app:latest');
    expect(source.fetched).toEqual([twice.config.digest, twice.layers[0]?.digest]);
  });

  test('a damaged blob does not count: it is fetched again', async () => {
    await store.pull(source, 'app:latest');
    const { digest } = layout.layers[0] ?? layout.config;
    await store.layers.remove(layout.diffIds[0] as `sha256:${string}`);
    writeFileSync(store.blobs.path(digest), 'damaged');
    writeFileSync(store.blobs.path(layout.config.digest), 'damaged');
    const again = new LayoutSource(directory);
    await store.pull(again, 'app:latest');
    expect(again.fetched).toEqual([layout.config.digest, digest]);
    expect(await store.blobs.isWhole(layout.layers[0] ?? layout.config)).toBe(true);
    expect(store.images.find('app').config.rootfs.diff_ids).toEqual(layout.diffIds);
  });

  test('a layer directory without its record is no layer', async () => {
    await store.pull(source, 'app:latest');
    rmSync(join(store.layers.path(layout.diffIds[1] as `sha256:${string}`), '../layer.json'));
    await store.pull(new LayoutSource(directory), 'app:latest');
    expect(store.layers.info(layout.diffIds[1] as `sha256:${string}`)).toMatchObject({ size: 6, entries: 3 });
  });
});

describe('names', () => {
  test('a name that comes to mean another image leaves the first one without', async () => {
    const first = await store.pull(source, 'app:latest');
    writeLayout(directory, [TOP]);
    const second = await store.pull(new LayoutSource(directory), 'app:latest');
    expect(store.images.find('app').id).toBe(second.id);
    expect(store.images.find(first.id)).toMatchObject({ references: [] });
    expect(store.images.list().map(({ id }) => id)).toEqual([first.id, second.id]);
  });
});
