import { execFileSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { pull } from '../../../../ts/image/pull.ts';
import { digestOf, hexOf } from '../../../../ts/oci/digest.ts';
import { OCI_LAYER_GZIP } from '../../../../ts/oci/mediaTypes.ts';
import { parseReference } from '../../../../ts/oci/reference.ts';
import { archiveOf, dockerFiles, dockerImage, LayoutBuilder } from '../../../support/archives.ts';
import { LayoutSource } from '../../../support/layoutSource.ts';
import { writeLayout } from '../../../support/layoutWriter.ts';
import { ArchiveStore } from '../../../support/loading.ts';
import { describeWith } from '../../../support/requires.ts';
import { scratchDirectory } from '../../../support/scratch.ts';
import { TarBuilder } from '../../../support/tarBuilder.ts';

const scratch = scratchDirectory();
const BASE = new TarBuilder().directory('d').file('d/a', 'base').file('b', 'x'.repeat(100_000)).build();
const TOP = new TarBuilder().directory('d').file('d/.wh.a').file('d/c', 'top').build();

let store: ArchiveStore;
beforeEach(() => {
  store = new ArchiveStore(scratch);
});

/** The top of the image's topmost layer. */
const topOf = (id: string) => {
  const [top = ''] = store.engine.layersOf(store.engine.images.find(id));
  return readdirSync(top).sort();
};
const blobs = () => readdirSync(join(store.root, 'images/blobs/sha256')).sort();

describe('an image layout', () => {
  test('gives its images under their names, and leaves nothing beside them', async () => {
    const layout = new LayoutBuilder();
    const { manifest, id } = layout.image([BASE, TOP]);
    layout.named(manifest, 'docker.io/library/app:v1').named(manifest, 'localhost:5000/app:v1');
    const names = ['docker.io/library/app:v1', 'localhost:5000/app:v1'];
    expect(await store.load(archiveOf(layout.build()).build())).toEqual([{ id, names, replaced: [] }]);
    const image = store.engine.images.find('app:v1');
    expect(image).toMatchObject({ id, manifest, diffIds: [BASE, TOP].map(digestOf), repoDigests: [] });
    expect(topOf(id)).toEqual(['d']);
    const expected = Object.keys(layout.files).flatMap((name) => /^blobs\/sha256\/(.*)/.exec(name)?.[1] ?? []);
    expect(blobs()).toEqual(expected.sort());
    expect(readdirSync(join(store.root, 'images')).sort()).toEqual(['blobs', 'index.json', 'oci-layout']);
    expect(store.wreckage).toEqual([]);
  });

  test.each([1, 511, 512, 10_000])('may come in pieces of %d bytes, in any order of members', async (piece) => {
    const layout = new LayoutBuilder();
    const { manifest, id } = layout.image([TOP]);
    const files = Object.entries(layout.named(manifest, 'docker.io/library/app:v1').build()).reverse();
    const archive = archiveOf(Object.fromEntries(files)).build();
    expect(await store.load(archive, { piece })).toMatchObject([{ id }]);
  });

  test('may be packed by tar, folders and all', async () => {
    const directory = mkdtempSync(join(scratch, 'layout-'));
    const { config } = writeLayout(directory, [BASE, TOP], { tag: 'localhost/packed:1' });
    const archive = execFileSync('tar', ['-C', directory, '-c', '.'], { maxBuffer: 1 << 26 });
    expect(await store.load(archive)).toEqual([{ id: config.digest, names: ['localhost/packed:1'], replaced: [] }]);
  });

  test('has an image without a name where there is none, or a tag alone', async () => {
    const layout = new LayoutBuilder();
    const first = layout.image([BASE]);
    const second = layout.image([TOP]);
    layout.entry(first.manifest).entry(second.manifest, { 'org.opencontainers.image.ref.name': 'latest' });
    expect(await store.load(archiveOf(layout.build()).build())).toEqual([
      { id: first.id, names: [], replaced: [] },
      { id: second.id, names: [], replaced: [] },
    ]);
    expect(store.engine.images.find(second.id).references).toEqual([]);
  });

  test('may have a name with the digest that it leads to', async () => {
    const layout = new LayoutBuilder();
    const { manifest, id } = layout.image([TOP]);
    const name = `docker.io/library/app@${manifest.digest}`;
    layout.entry(manifest, { 'io.containerd.image.name': name });
    expect(await store.load(archiveOf(layout.build()).build())).toEqual([{ id, names: [name], replaced: [] }]);
    expect(store.engine.images.find(name).repoDigests).toEqual([name]);
  });

  test('keeps what is no image to itself', async () => {
    const layout = new LayoutBuilder();
    const { manifest, id } = layout.image([TOP]);
    const signature = layout.blob({ schemaVersion: 2, config: manifest, layers: [] }, manifest.mediaType);
    layout.entry({ ...signature, artifactType: 'application/x.signature' });
    layout.entry(signature, { 'io.containerd.manifest.subject': manifest.digest });
    expect(
      await store.load(archiveOf(layout.named(manifest, 'docker.io/library/app:v1').build()).build()),
    ).toMatchObject([{ id }]);
  });
});

describe('of several platforms', () => {
  const amd64 = { os: 'linux', architecture: 'amd64' };
  const arm64 = { os: 'linux', architecture: 'arm64' };
  const mine = process.arch === 'arm64' ? arm64 : amd64;
  const other = process.arch === 'arm64' ? amd64 : arm64;

  function layoutOf(isNested: boolean) {
    const layout = new LayoutBuilder();
    const entries = [other, mine].map((platform) => ({ ...layout.image([TOP], { platform }), platform }));
    const descriptors = entries.map(({ manifest, platform }) => ({ ...manifest, platform }));
    if (isNested) layout.named(layout.index(descriptors), 'docker.io/library/app:v1');
    else for (const each of descriptors) layout.named(each, 'docker.io/library/app:v1', each.platform);
    return { layout, ids: entries.map(({ id }) => id) };
  }

  test.each([
    ['in an index within the index', true],
    ['beside each other', false],
  ])('the one for this machine is taken, or the one that is asked for: %s', async (_, isNested) => {
    const { layout, ids } = layoutOf(isNested);
    const archive = archiveOf(layout.build()).build();
    expect(await store.load(archive)).toMatchObject([{ id: ids[1], names: ['docker.io/library/app:v1'] }]);
    expect(await store.load(archive, { platform: other })).toMatchObject([{ id: ids[0], replaced: [ids[1]] }]);
    const s390x = store.load(archive, { platform: { os: 'linux', architecture: 's390x' } });
    await expect(s390x).rejects.toMatchObject({ code: 'ERR_RCX_PLATFORM_NOT_FOUND' });
  });

  test('those that are not taken need not be there', async () => {
    const { layout, ids } = layoutOf(true);
    delete layout.files[`blobs/sha256/${(ids[0] ?? '').slice('sha256:'.length)}`];
    expect(await store.load(archiveOf(layout.build()).build())).toMatchObject([{ id: ids[1] }]);
  });

  test('manifest.json may name one that is not taken', async () => {
    const { layout, ids } = layoutOf(true);
    const hex = (ids[0] ?? '').slice('sha256:'.length);
    const item = {
      Config: `blobs/sha256/${hex}`,
      RepoTags: ['app:v1'],
      Layers: [`blobs/sha256/${hexOf(digestOf(TOP))}`],
    };
    const files = { ...layout.build(), 'manifest.json': JSON.stringify([item]) };
    expect(await store.load(archiveOf(files).build())).toMatchObject([{ id: ids[1] }]);
    expect(store.engine.images.list()).toHaveLength(1);
  });

  test('the only one is taken, as docker save --platform leaves it', async () => {
    const layout = new LayoutBuilder();
    const { manifest, id } = layout.image([TOP], { platform: other });
    const archive = archiveOf(layout.named(manifest, 'docker.io/library/app:v1', other).build()).build();
    await expect(store.load(archive, { platform: mine })).rejects.toMatchObject({ code: 'ERR_RCX_PLATFORM_NOT_FOUND' });
    expect(await store.load(archive)).toMatchObject([{ id }]);
  });

  test('an image for another one is loaded, unless this one was asked for', async () => {
    const image = dockerImage([TOP], ['app'], { platform: other });
    const archive = archiveOf(dockerFiles(image)).build();
    await expect(store.load(archive, { platform: mine })).rejects.toMatchObject({ code: 'ERR_RCX_PLATFORM_NOT_FOUND' });
    expect(await store.load(archive)).toMatchObject([{ id: image.id }]);
    await expect(store.load(archive, { platform: mine })).rejects.toThrow(
      /load docker.io\/library\/app:latest: .* for linux/,
    );
  });
});

describe('docker’s format', () => {
  test('gives all images with all names, layers as they lie there', async () => {
    const one = dockerImage([BASE, TOP], ['app:v1', 'localhost:5000/app']);
    const two = dockerImage([BASE], [], { comment: 'two' });
    expect(await store.load(archiveOf(dockerFiles(one, two)).build())).toEqual([
      { id: one.id, names: ['docker.io/library/app:v1', 'localhost:5000/app:latest'], replaced: [] },
      { id: two.id, names: [], replaced: [] },
    ]);
    expect(blobs()).toContain(hexOf(digestOf(BASE)));
    expect(topOf('app:v1')).toEqual(['d']);
    expect(store.engine.images.find('app:v1').repoDigests).toEqual([]);
  });

  test('has layers that are links to others, as docker before 25 and skopeo write them', async () => {
    const { files, item, id } = dockerImage([BASE, TOP, BASE], ['app']);
    const [base = '', top = ''] = item.Layers;
    const tar = archiveOf({ 'a.tar': BASE, 'folder/t.tar': TOP, ...omit(files, base, top) });
    tar
      .symlink('one/layer.tar', '../a.tar')
      .symlink('two/layer.tar', '../one/./layer.tar')
      .hardlink('h', './folder/t.tar');
    const layers = ['one/layer.tar', './h', 'two/layer.tar'];
    tar.file('manifest.json', JSON.stringify([{ ...item, Layers: layers }]));
    expect(await store.load(tar.build())).toMatchObject([{ id }]);
    expect(topOf(id)).toEqual(['b', 'd']);
  });

  test('has layers compressed by gzip or zstd, told by content', async () => {
    const { files, item, id } = dockerImage([BASE, TOP], ['app']);
    const [base = '', top = ''] = item.Layers;
    const zstd = execFileSync('zstd', ['-qc'], { input: TOP });
    await store.load(archiveOf({ ...dockerFiles({ files, item, id }), [base]: gzipSync(BASE), [top]: zstd }).build());
    const { manifest } = store.engine.images.find(id);
    const { layers } = JSON.parse(read(store, manifest.digest)) as { layers: { mediaType: string }[] };
    expect(layers.map(({ mediaType }) => mediaType.replace(/.*\./, ''))).toEqual(['tar+gzip', 'tar+zstd']);
  });

  test('is another form of an image that is there: it only gets the names', async () => {
    const layout = new LayoutBuilder();
    const { id } = layout.image([TOP]);
    const gzip = layout.blob(gzipSync(TOP), OCI_LAYER_GZIP);
    const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: id, size: configSize(layout, id) };
    const manifest = layout.blob(
      { schemaVersion: 2, config, layers: [gzip] },
      'application/vnd.oci.image.manifest.v1+json',
    );
    await store.load(archiveOf(layout.named(manifest, 'docker.io/library/app:v1').build()).build());
    const before = blobs();
    expect(await store.load(archiveOf(dockerFiles(dockerImage([TOP], ['app:v1', 'app:v2']))).build())).toEqual([
      { id, names: ['docker.io/library/app:v1', 'docker.io/library/app:v2'], replaced: [] },
    ]);
    expect(store.engine.images.list()).toHaveLength(1);
    expect(blobs()).toEqual(before);
  });
});

describe('both in one archive', () => {
  /** What docker 25 to 28 write. */
  function both(layers: readonly Buffer[], order: readonly number[]) {
    const layout = new LayoutBuilder();
    const { id } = layout.image(layers);
    const config = { mediaType: 'application/vnd.oci.image.config.v1+json', digest: id, size: configSize(layout, id) };
    const sorted = order.map((index) => layout.blob(layers[index] as Buffer, 'application/vnd.oci.image.layer.v1.tar'));
    const manifest = layout.blob(
      { schemaVersion: 2, config, layers: sorted },
      'application/vnd.oci.image.manifest.v1+json',
    );
    const path = (digest: string) => `blobs/sha256/${digest.slice('sha256:'.length)}`;
    const item = { Config: path(id), RepoTags: ['app:v1'], Layers: layers.map((layer) => path(digestOf(layer))) };
    return { layout, manifest, item, id };
  }

  test('the manifest of the layout is kept', async () => {
    const { layout, manifest, item, id } = both([BASE, TOP], [0, 1]);
    layout.named(manifest, 'docker.io/library/app:v1');
    const files = { ...layout.build(), 'manifest.json': JSON.stringify([item]) };
    expect(await store.load(archiveOf(files).build())).toMatchObject([{ id }]);
    expect(store.engine.images.find(id).manifest.digest).toBe(manifest.digest);
  });

  test('layers that docker 25.0 put in any order are in the right one', async () => {
    const { layout, manifest, item, id } = both([BASE, TOP], [1, 0]);
    layout.named(manifest, 'docker.io/library/app:v1');
    const files = { ...layout.build(), 'manifest.json': JSON.stringify([item]) };
    expect(await store.load(archiveOf(files).build())).toMatchObject([{ id, names: ['docker.io/library/app:v1'] }]);
    expect(topOf(id)).toEqual(['d']);
  });

  test('images that docker left out of the index are there', async () => {
    const { layout, manifest, item, id } = both([BASE, TOP], [0, 1]);
    layout.named(manifest, 'docker.io/library/app:v1');
    const other = dockerImage([TOP], [], { comment: 'other' });
    const files = { ...layout.build(), ...other.files, 'manifest.json': JSON.stringify([item, other.item]) };
    expect(await store.load(archiveOf(files).build())).toMatchObject([{ id }, { id: other.id, names: [] }]);
    const empty = { ...layout.files, 'index.json': '{"schemaVersion":2,"manifests":null}' };
    const archive = archiveOf({
      ...empty,
      ...other.files,
      'manifest.json': JSON.stringify([item, other.item]),
    }).build();
    const fresh = new ArchiveStore(scratch);
    expect(await fresh.load(archive)).toMatchObject([{ id, names: ['docker.io/library/app:v1'] }, { id: other.id }]);
  });

  test('a name is where one of the two has it', async () => {
    const { layout, manifest, item, id } = both([TOP], [0]);
    layout.entry(manifest, { 'org.opencontainers.image.ref.name': 'v1' });
    const files = { ...layout.build(), 'manifest.json': JSON.stringify([item]) };
    expect(await store.load(archiveOf(files).build())).toMatchObject([{ id, names: ['docker.io/library/app:v1'] }]);
  });
});

describe('a name', () => {
  test('is taken from the image that has it, which stays', async () => {
    const one = dockerImage([BASE], ['app', 'app:one']);
    const two = dockerImage([TOP], ['app']);
    const three = dockerImage([TOP], ['app', 'app:one'], { comment: 'three' });
    await store.load(archiveOf(dockerFiles(one)).build());
    expect(await store.load(archiveOf(dockerFiles(two)).build())).toMatchObject([{ replaced: [one.id] }]);
    expect(await store.load(archiveOf(dockerFiles(three)).build())).toMatchObject([{ replaced: [two.id, one.id] }]);
    expect(store.engine.images.list().map(({ id, references }) => [id, references.length])).toEqual(
      expect.arrayContaining([
        [one.id, 0],
        [two.id, 0],
        [three.id, 2],
      ]),
    );
    expect(await store.load(archiveOf(dockerFiles(three)).build())).toMatchObject([{ id: three.id, replaced: [] }]);
  });
});

test('a name that was pulled keeps where it came from', async () => {
  const directory = mkdtempSync(join(scratch, 'layout-'));
  writeLayout(directory, [TOP]);
  const context = { paths: store.engine.paths, registry: new LayoutSource(directory) };
  const { repoDigests } = await pull(context, parseReference('app'));
  expect(repoDigests).toHaveLength(1);
  expect(await store.load(await store.save(['app']))).toMatchObject([{ names: ['docker.io/library/app:latest'] }]);
  expect(store.engine.images.find('app').repoDigests).toEqual(repoDigests);
});

describe('the archive itself', () => {
  const { id, ...image } = dockerImage([BASE, TOP], ['app']);
  const archive = archiveOf(dockerFiles({ id, ...image })).build();

  test.each([
    ['gzip', () => gzipSync(archive)],
    [
      'several members of gzip',
      () => Buffer.concat([archive.subarray(0, 5000), archive.subarray(5000)].map((part) => gzipSync(part))),
    ],
    ['zstd', () => execFileSync('zstd', ['-qc'], { input: archive })],
    ['nothing, and has no end', () => archive.subarray(0, archive.length - 1024)],
    [
      'nothing, and has something behind its end',
      () => Buffer.concat([archive, Buffer.alloc(9216), Buffer.from('more')]),
    ],
  ])('may be compressed by %s', async (_, bytes) => {
    expect(await store.load(bytes(), { piece: 3000 })).toMatchObject([{ id }]);
    expect(store.wreckage).toEqual([]);
  });
});

describeWith({ commands: ['bzip2', 'xz'] }, 'bzip2 and xz', () => {
  test.each(['bzip2', 'xz'])('are refused by name, and how to do it is told: %s', async (program) => {
    const image = dockerImage([TOP], ['app']);
    const packed = execFileSync(program, ['-c'], { input: archiveOf(dockerFiles(image)).build() });
    await expect(store.load(packed)).rejects.toMatchObject({
      code: 'ERR_RCX_UNSUPPORTED',
      hint: expect.stringContaining(`${program} -dc FILE | rcx load`),
    });
    const layer = execFileSync(program, ['-c'], { input: TOP });
    const [path = ''] = image.item.Layers;
    await expect(store.load(archiveOf({ ...dockerFiles(image), [path]: layer }).build())).rejects.toMatchObject({
      code: 'ERR_RCX_UNSUPPORTED',
      message: expect.stringContaining(`${path}: the layer is compressed by ${program}`),
    });
  });
});

function omit<T extends object>(object: T, ...keys: string[]): T {
  return Object.fromEntries(Object.entries(object).filter(([key]) => !keys.includes(key))) as T;
}

function configSize({ files }: LayoutBuilder, id: string): number {
  return (files[`blobs/sha256/${id.slice('sha256:'.length)}`] as Buffer).length;
}

function read({ root }: ArchiveStore, digest: string): string {
  return readFileSync(join(root, 'images/blobs/sha256', digest.slice('sha256:'.length)), 'utf8');
}
