import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { beforeEach, describe, expect, test } from 'vitest';
import { saveImages } from '../../../../ts/image/archive/save.ts';
import { digestOf, hexOf } from '../../../../ts/oci/digest.ts';
import {
  DOCKER_CONFIG,
  DOCKER_LAYER_GZIP,
  DOCKER_MANIFEST,
  OCI_CONFIG,
  OCI_LAYER_GZIP,
  OCI_MANIFEST,
} from '../../../../ts/oci/mediaTypes.ts';
import type { Descriptor } from '../../../../ts/oci/types.ts';
import { contentLockPath, tryLock } from '../../../../ts/store/lock.ts';
import { archiveOf, configOf, LayoutBuilder } from '../../../support/archives.ts';
import { ArchiveStore } from '../../../support/loading.ts';
import { scratchDirectory } from '../../../support/scratch.ts';
import { TarBuilder } from '../../../support/tarBuilder.ts';

const scratch = scratchDirectory();
const BASE = new TarBuilder().directory('d').file('d/a', 'base').build();
const TOP = new TarBuilder().file('big', Buffer.alloc(3_000_000, 'incompressible?')).build();

/** Puts images of gzip layers into an archive, of the OCI's types or of docker's. */
function add(layout: LayoutBuilder, layers: readonly Buffer[], names: readonly string[], isDocker = false) {
  const config = layout.blob(configOf(layers), isDocker ? DOCKER_CONFIG : OCI_CONFIG);
  const blobs = layers.map((layer) => layout.blob(gzipSync(layer), isDocker ? DOCKER_LAYER_GZIP : OCI_LAYER_GZIP));
  const mediaType = isDocker ? DOCKER_MANIFEST : OCI_MANIFEST;
  const manifest = layout.blob({ schemaVersion: 2, mediaType, config, layers: blobs }, mediaType);
  for (const name of names) layout.named(manifest, name);
  return { manifest, config, layers: blobs, id: config.digest };
}

const layout = new LayoutBuilder();
const app = add(
  layout,
  [BASE, TOP],
  ['docker.io/library/app:v1', 'docker.io/library/app:v2', 'localhost:5000/team/app:v1'],
);
const base = add(layout, [BASE], ['docker.io/library/base:latest']);
const old = add(layout, [TOP], ['docker.io/library/old:latest'], true);
const ARCHIVE = archiveOf(layout.build()).build();

let store: ArchiveStore;
beforeEach(async () => {
  store = new ArchiveStore(scratch);
  await store.load(ARCHIVE);
});

const blobName = ({ digest }: Pick<Descriptor, 'digest'>) => `blobs/sha256/${hexOf(digest)}`;
const inStore = ({ digest }: Pick<Descriptor, 'digest'>) => join(store.root, 'images', blobName({ digest }));

/** What tar lists: `drwxr-xr-x 0/0 0 1970-01-01 00:00:00 blobs/`. */
const list = (archive: Buffer) =>
  execFileSync('tar', ['--utc', '--numeric-owner', '--full-time', '-tv'], { input: archive, encoding: 'utf8' })
    .trimEnd()
    .split('\n')
    .map((line) => line.replace(/ +/g, ' '));
const names = (archive: Buffer) => list(archive).map((line) => line.split(' ').at(-1));
const file = (archive: Buffer, name: string): Buffer =>
  execFileSync('tar', ['-xO', name], { input: archive, maxBuffer: 1 << 28 });
const json = (archive: Buffer, name: string): unknown => JSON.parse(file(archive, name).toString());

describe('what is saved', () => {
  test('is a layout with manifest.json: each blob once, sorted, nothing that depends on time or machine', async () => {
    const archive = await store.save(['app:v1', 'base', 'localhost:5000/team/app:v1']);
    const blobs = [app.manifest, app.config, ...app.layers, base.manifest, base.config].map(blobName).sort();
    expect(names(archive)).toEqual(['blobs/', 'blobs/sha256/', ...blobs, 'index.json', 'manifest.json', 'oci-layout']);
    for (const line of list(archive)) {
      expect(line).toMatch(/^(drwxr-xr-x|-rw-r--r--) 0\/0 \d+ 1970-01-01 00:00:00 /);
    }
    expect(json(archive, 'oci-layout')).toEqual({ imageLayoutVersion: '1.0.0' });
    const entry = ({ mediaType, digest, size }: Descriptor, name: string, tag: string) => ({
      ...{ mediaType, digest, size },
      annotations: { 'io.containerd.image.name': name, 'org.opencontainers.image.ref.name': tag },
    });
    expect(json(archive, 'index.json')).toEqual({
      schemaVersion: 2,
      mediaType: 'application/vnd.oci.image.index.v1+json',
      manifests: [
        entry(app.manifest, 'docker.io/library/app:v1', 'v1'),
        entry(app.manifest, 'localhost:5000/team/app:v1', 'v1'),
        entry(base.manifest, 'docker.io/library/base:latest', 'latest'),
      ],
    });
    expect(json(archive, 'manifest.json')).toEqual([
      {
        Config: blobName(app.config),
        RepoTags: ['app:v1', 'localhost:5000/team/app:v1'],
        Layers: app.layers.map(blobName),
      },
      { Config: blobName(base.config), RepoTags: ['base:latest'], Layers: base.layers.map(blobName) },
    ]);
    const again = await store.save(['localhost:5000/team/app:v1', 'base:latest', 'app:v1', 'app:v1']);
    expect(again.equals(archive)).toBe(true);
  });

  test('has its content', async () => {
    const archive = await store.save(['app:v1']);
    for (const blob of [app.manifest, app.config, ...app.layers]) {
      expect(digestOf(file(archive, blobName(blob)))).toBe(blob.digest);
    }
  });

  test('is loaded as it was', async () => {
    const other = new ArchiveStore(scratch);
    await other.load(await store.save(['app', 'base', app.id]));
    for (const { id, manifest } of [app, base]) expect(other.engine.images.find(id).manifest).toEqual(manifest);
    expect(other.names.sort()).toEqual([
      'docker.io/library/app:v1',
      'docker.io/library/app:v2',
      'docker.io/library/base:latest',
    ]);
  });

  test('as oci-archive has no manifest.json', async () => {
    const archive = await store.save(['base'], { format: 'oci-archive' });
    expect(names(archive).slice(-2)).toEqual(['index.json', 'oci-layout']);
  });

  test('as docker-archive has manifest.json and plain layers, and no layout', async () => {
    const archive = await store.save(['app:v1', 'base'], { format: 'docker-archive' });
    const layers = [BASE, TOP].map((layer) => `${hexOf(digestOf(layer))}.tar`);
    const configs = [app, base].map(({ id }) => `${hexOf(id)}.json`);
    expect(names(archive)).toEqual([...layers, ...configs, 'manifest.json'].sort());
    expect(json(archive, 'manifest.json')).toEqual([
      { Config: configs[0], RepoTags: ['docker.io/library/app:v1'], Layers: layers },
      { Config: configs[1], RepoTags: ['docker.io/library/base:latest'], Layers: layers.slice(0, 1) },
    ]);
    expect(file(archive, layers[1] ?? '').equals(TOP)).toBe(true);
    const other = new ArchiveStore(scratch);
    expect(await other.load(archive)).toMatchObject([{ id: app.id }, { id: base.id }]);
  });

  test('has a manifest of the OCI where docker’s was pulled, of the same config and layers', async () => {
    const archive = await store.save(['old']);
    const { manifests } = json(archive, 'index.json') as { manifests: [Descriptor] };
    expect(manifests[0].mediaType).toBe(OCI_MANIFEST);
    expect(json(archive, blobName(manifests[0]))).toEqual({
      schemaVersion: 2,
      mediaType: OCI_MANIFEST,
      config: { ...old.config, mediaType: OCI_CONFIG },
      layers: old.layers.map((layer) => ({ ...layer, mediaType: OCI_LAYER_GZIP })),
    });
  });
});

describe('the images that names mean', () => {
  const tagsOf = async (...texts: string[]) =>
    (json(await store.save(texts), 'manifest.json') as { Config: string; RepoTags: string[] }[]).map(
      ({ Config, RepoTags }) => [`sha256:${Config.slice('blobs/sha256/'.length)}`, RepoTags],
    );

  test('are all tags of a repository, one tag, or none for an ID and a digest', async () => {
    expect(await tagsOf('app')).toEqual([[app.id, ['app:v1', 'app:v2']]]);
    expect(await tagsOf('app:v2')).toEqual([[app.id, ['app:v2']]]);
    expect(await tagsOf('localhost:5000/team/app')).toEqual([[app.id, ['localhost:5000/team/app:v1']]]);
    for (const text of [app.id, hexOf(app.id), hexOf(app.id).slice(0, 12), `app@${app.manifest.digest}`]) {
      expect(await tagsOf(text), text).toEqual([[app.id, []]]);
    }
    expect(await tagsOf(app.id, 'app:v1')).toEqual([[app.id, ['app:v1']]]);
  });

  test.each([
    [['nothing'], { code: 'ERR_RCX_IMAGE_NOT_FOUND' }],
    [['base', 'app:v3'], { code: 'ERR_RCX_IMAGE_NOT_FOUND' }],
    [['Not A Name'], { code: 'ERR_RCX_IMAGE_NOT_FOUND' }],
  ])('must be there: %j', async (texts, error) => {
    await expect(store.save(texts)).rejects.toMatchObject(error);
  });

  test('must be for the platform that is asked for', async () => {
    const { architecture } = store.engine.images.find('base').config;
    await store.save(['base'], { platform: { os: 'linux', architecture } });
    const wrong = store.save(['base'], { platform: { os: 'linux', architecture: 's390x' } });
    await expect(wrong).rejects.toMatchObject({
      code: 'ERR_RCX_PLATFORM_NOT_FOUND',
      message: `save base: the image is for linux/${architecture}, not for linux/s390x`,
    });
  });
});

describe('a damaged store', () => {
  /** What comes before the error. */
  async function broken(options = {}): Promise<{ error: unknown; length: number }> {
    let length = 0;
    try {
      for await (const piece of saveImages(store.engine, ['app:v1'], options)) length += piece.length;
    } catch (error) {
      return { error, length };
    }
    return expect.fail('it was saved');
  }

  function damage(blob: Descriptor, change: (path: string) => void): void {
    // A copy: blobs may be linked to from elsewhere.
    const content = readFileSync(inStore(blob));
    rmSync(inStore(blob));
    writeFileSync(inStore(blob), content);
    change(inStore(blob));
  }
  const flip = (path: string) => {
    const content = readFileSync(path);
    content[content.length >> 1] = (content[content.length >> 1] ?? 0) ^ 1;
    writeFileSync(path, content);
  };

  test.each([
    ['a layer', () => app.layers[1] as Descriptor],
    ['the config', () => app.config],
    ['the manifest', () => app.manifest],
  ])('breaks the archive off within the member: %s', async (_, blob) => {
    const whole = (await store.save(['app:v1'])).length;
    damage(blob(), flip);
    const { error, length } = await broken();
    expect(error).toMatchObject({
      code: expect.stringMatching(/^ERR_RCX_(STORE_DAMAGED|INVALID_MANIFEST|IMAGE_NOT_FOUND)$/),
    });
    expect(length).toBeLessThan(whole - 1024);
  });

  test.each([
    [
      'has fewer bytes',
      (blob: Descriptor) => damage(blob, (path) => truncateSync(path, 7)),
      /it has 7 bytes instead of \d+/,
    ],
    ['is gone', (blob: Descriptor) => rmSync(inStore(blob)), /not in the store/],
  ])('is seen before anything is written where a blob %s', async (_, change, message) => {
    change(app.layers[0] as Descriptor);
    const { error, length } = await broken();
    expect((error as Error).message).toMatch(message);
    expect(length).toBe(0);
  });

  test.each([
    ['is not what its config says', flip],
    ['cannot be inflated', (path: string) => writeFileSync(path, Buffer.alloc(statSync(path).size, 'x'))],
  ])('is seen in docker-archive before anything is written where a layer %s', async (_, change) => {
    damage(app.layers[1] as Descriptor, change);
    expect(await broken({ format: 'docker-archive' })).toMatchObject({
      error: { code: 'ERR_RCX_STORE_DAMAGED' },
      length: 0,
    });
  });
});

describe('meanwhile', () => {
  test('nobody can remove what is being saved', async () => {
    const lock = () => tryLock(contentLockPath(store.engine.paths));
    const pieces = saveImages(store.engine, ['app:v1']);
    await pieces.next();
    expect(lock()).toBeUndefined();
    await pieces.return();
    const free = lock();
    expect(free).toBeDefined();
    free?.release();
  });
});
