import {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createContainer } from '../../../ts/container/create.ts';
import { Engine } from '../../../ts/engine.ts';
import { imageFromHost } from '../../../ts/image/fromHost/build.ts';
import { pull } from '../../../ts/image/pull.ts';
import { digestOf } from '../../../ts/oci/digest.ts';
import { parseReference } from '../../../ts/oci/reference.ts';
import type { ImageIndex, ImageManifest } from '../../../ts/oci/types.ts';
import { BlobStore } from '../../../ts/store/blobs.ts';
import type { StoredImage } from '../../../ts/store/images.ts';
import { LayerStore } from '../../../ts/store/layers.ts';
import { readManifest } from '../../../ts/store/storedImage.ts';
import { type CheckOptions, type CheckReport, checkStore } from '../../../ts/system/check.ts';
import { repairStore } from '../../../ts/system/repair/repair.ts';
import { flipByte, truncate } from '../../support/damage.ts';
import { fileLayer } from '../../support/layoutImages.ts';
import { waitUntil } from '../../support/processes.ts';
import { pushImage } from '../../support/push.ts';
import { startRegistry, type TestRegistry } from '../../support/registry.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

const scratch = scratchDirectory();
let count = 0;

/** A store with an image from a registry, and whatever reads it now, without what was read before. */
class DamagedStore {
  readonly root = join(scratch, String(count++));
  readonly name: string;
  image!: StoredImage;
  manifest!: ImageManifest;

  constructor(name: string) {
    this.name = name;
  }

  get engine(): Engine {
    const env = { PATH: process.env.PATH, HOME: scratch, DOCKER_CONFIG: scratch };
    return new Engine({
      root: this.root,
      run: join(this.root, 'run'),
      config: { registries: {}, defaultNetwork: 'none' },
      env,
    });
  }

  async pull(): Promise<void> {
    const { engine } = this;
    this.image = await pull({ paths: engine.paths, registry: await engine.registry() }, parseReference(this.name));
    this.manifest = readManifest(new BlobStore(engine.paths), this.image.manifest);
    await this.settle(this.image);
    await engine.close();
  }

  /** Whoever brings layers to the disk does so after a pull, and would make a directory that is being removed. */
  async settle({ diffIds }: StoredImage): Promise<void> {
    const marks = diffIds.map((diffId) => join(this.engine.layers.path(diffId), '../flushed'));
    await waitUntil(() => marks.every((path) => existsSync(path)));
  }

  /** Path of a blob: a layer's by its number, base first. */
  blob(which: 'manifest' | 'config' | number): string {
    const { manifest, image } = this;
    const digest =
      which === 'manifest' ? image.manifest.digest : which === 'config' ? image.id : manifest.layers[which]?.digest;
    return new BlobStore(this.engine.paths).path(digest ?? image.id);
  }

  /** Path of a layer's tree, or of something in it. */
  tree(number: number, ...path: string[]): string {
    const diffId = this.image.diffIds[number] ?? this.image.id;
    return join(new LayerStore(this.engine.paths).path(diffId), ...path);
  }

  index(): string {
    return join(this.root, 'images/index.json');
  }

  async check(options?: CheckOptions) {
    return own(await checkStore(this.engine, options));
  }

  /** Checks, repairs, and checks again. */
  async repair(options?: CheckOptions) {
    const { engine } = this;
    const found = own(await checkStore(engine, options));
    const repairs = await repairStore(engine, found);
    await engine.close();
    return { found, repairs, left: await this.check(options) };
  }

  container(name: string) {
    return createContainer(this.engine, { image: this.image, reference: this.name }, { name, command: ['x'] });
  }
}

describeWith({ root: true, commands: ['docker-registry'] }, 'a damaged store', () => {
  let registry: TestRegistry;
  let store: DamagedStore;
  beforeAll(async () => {
    registry = await startRegistry();
    await pushImage(registry, 'app', 'v1', [
      fileLayer('base', 'x'.repeat(50_000)),
      fileLayer('own', 'y'.repeat(50_000)),
    ]);
  });
  afterAll(() => registry.close());
  beforeEach(async () => {
    store = new DamagedStore(`${registry.host}/app:v1`);
    await store.pull();
  });

  it('is none after a pull', async () => {
    await store.container('one');
    const whole = { blobs: 4, layers: 2, images: 1, containers: 1, volumes: 0, problems: [], leftovers: [] };
    expect(await store.check()).toEqual(whole);
    expect(await store.check({ deep: true })).toEqual(whole);
  });

  it('is none before there is anything', async () => {
    const empty = new DamagedStore('none');
    const nothing = { blobs: 0, layers: 0, images: 0, containers: 0, volumes: 0, problems: [], leftovers: [] };
    expect(await empty.check()).toEqual(nothing);
  });

  const FETCHED = /^blob sha256:.*: fetched again from 127\.0\.0\.1:\d+\/app, a (manifest|config|layer) of /;
  const MADE = /^layer sha256:.*: made again from blob sha256:/;

  it.each<[string, (store: DamagedStore) => void, RegExp, RegExp[]]>([
    [
      'a blob is cut',
      (s) => truncate(s.blob(0)),
      /blob .*: its \d+ bytes are not what its name says, a part of /,
      [FETCHED],
    ],
    ['a blob has another byte', (s) => flipByte(s.blob(1)), /are not what its name says/, [FETCHED]],
    ['a config has another byte', (s) => flipByte(s.blob('config')), /are not what its name says/, [FETCHED]],
    ['a manifest has another byte', (s) => flipByte(s.blob('manifest')), /are not what its name says/, [FETCHED]],
    ['a blob is gone', (s) => rmSync(s.blob(0)), /it is missing, a layer of /, [FETCHED]],
    ['a manifest is gone', (s) => rmSync(s.blob('manifest')), /it is missing, a manifest of /, [FETCHED]],
    ['a config is gone', (s) => rmSync(s.blob('config')), /it is missing, a config of /, [FETCHED]],
    [
      'a layer is gone',
      (s) => rmSync(join(s.tree(1), '..'), { recursive: true }),
      /layer .*: it is missing, needed by /,
      [MADE],
    ],
    ['a layer’s tree is gone', (s) => rmSync(s.tree(1), { recursive: true }), /its tree is missing/, [MADE]],
    [
      'a file of a layer is gone',
      (s) => rmSync(s.tree(1, 'd/own')),
      /holds: .*\/d\/own is missing, needed by /,
      [MADE],
    ],
    [
      'a layer has a file too many',
      (s) => writeFileSync(s.tree(0, 'd/more'), ''),
      /\/d\/more is not of the layer/,
      [MADE],
    ],
    ['a layer has no record', (s) => rmSync(s.tree(0, '../layer.json')), /it has no record/, [MADE]],
    ['a layer’s record is rubbish', (s) => writeFileSync(s.tree(0, '../layer.json'), '{'), /it has no record/, [MADE]],
    ['a layer was lost by a power cut', (s) => loseLayer(s), /when the machine went down/, [MADE]],
    [
      'a layer and its blob are gone',
      (s) => {
        rmSync(s.blob(1));
        rmSync(join(s.tree(1), '..'), { recursive: true });
      },
      /it is missing/,
      [FETCHED, MADE],
    ],
    [
      'oci-layout is rubbish',
      (s) => writeFileSync(join(s.root, 'images/oci-layout'), ''),
      /it does not say imageLayoutVersion/,
      [/^image layout: .*: written anew$/],
    ],
  ])('in which %s is mended', async (_, damage, problem, repairs) => {
    damage(store);
    const { found, repairs: done, left } = await store.repair();
    expect(found.problems[0]).toMatchObject({
      message: expect.stringMatching(problem),
      hint: expect.stringContaining('--repair'),
    });
    expect(done).toEqual(repairs.map((message) => ({ result: 'repaired', message: expect.stringMatching(message) })));
    expect(left).toMatchObject({ blobs: 4, layers: 2, images: 1, problems: [], leftovers: [] });
    expect((await store.check({ deep: true })).problems).toEqual([]);
  });

  it('in which a file of a layer has another byte is found by a deep check', async () => {
    const path = store.tree(1, 'd/own');
    flipByte(path);
    utimesSync(path, 0, 0);
    expect((await store.check()).problems).toEqual([]);
    const { found, left } = await store.repair({ deep: true });
    expect(found.problems).toMatchObject([
      { kind: 'layer', message: expect.stringContaining('/d/own has other content') },
    ]);
    expect(left.problems).toEqual([]);
    expect(readFileSync(path, 'utf8')).toBe('y'.repeat(50_000));
  });

  it('in which a blob is damaged that nothing needs loses it', async () => {
    const { engine } = store;
    await engine.images.drop([store.image.manifest.digest]);
    flipByte(store.blob(0));
    const { found, repairs, left } = await store.repair();
    expect(found.problems).toMatchObject([{ message: expect.stringMatching(/nothing needs it$/) }]);
    expect(repairs).toEqual([{ result: 'removed', message: expect.stringMatching(/^blob .*: nothing needs it$/) }]);
    expect(left).toMatchObject({ blobs: 3, problems: [] });
  });

  describe('whose index', () => {
    it('is rubbish gets a new one of the images that are there, without their names', async () => {
      writeFileSync(store.index(), 'rubbish');
      const { found, repairs, left } = await store.repair();
      expect(found).toMatchObject({
        images: 0,
        problems: [{ kind: 'index', message: expect.stringContaining('index.json') }],
      });
      expect(repairs).toEqual([
        {
          result: 'repaired',
          message: expect.stringMatching(/made anew with 1 images; 1 have no name any more: pull/),
        },
      ]);
      expect(left).toMatchObject({ images: 1, problems: [] });
      expect(store.engine.images.list()).toMatchObject([{ id: store.image.id, references: [], size: 100_000 }]);
      expect(readFileSync(`${store.index()}.damaged`, 'utf8')).toBe('rubbish');
      await store.pull();
      expect(store.engine.images.list()).toMatchObject([{ id: store.image.id, references: [store.name] }]);
    });

    it('has one bad entry keeps the others', async () => {
      const index = JSON.parse(readFileSync(store.index(), 'utf8')) as ImageIndex;
      writeFileSync(store.index(), JSON.stringify({ ...index, manifests: [{ digest: 'x' }, ...index.manifests] }));
      const { repairs, left } = await store.repair();
      expect(repairs).toEqual([{ result: 'repaired', message: expect.stringMatching(/made anew with 1 images$/) }]);
      expect(left.problems).toEqual([]);
      expect(store.engine.images.list()).toMatchObject([{ references: [store.name] }]);
    });

    it('names an image that contradicts itself drops it, and says so', async () => {
      const blobs = new BlobStore(store.engine.paths);
      const bytes = Buffer.from(JSON.stringify({ ...store.manifest, layers: store.manifest.layers.slice(1) }));
      await blobs.put(digestOf(bytes), bytes);
      const entry = { mediaType: store.image.manifest.mediaType, digest: digestOf(bytes), size: bytes.length };
      const index = JSON.parse(readFileSync(store.index(), 'utf8')) as ImageIndex;
      writeFileSync(store.index(), JSON.stringify({ ...index, manifests: [entry, ...index.manifests] }));
      const { found, repairs, left } = await store.repair();
      expect(found.problems).toMatchObject([
        { kind: 'image', message: expect.stringContaining('it has 1 layers, but') },
      ]);
      expect(repairs).toEqual([{ result: 'dropped', message: expect.stringContaining('it contradicts itself') }]);
      expect(left).toMatchObject({ images: 1, problems: [] });
    });
  });

  describe('with an image that is from no registry', () => {
    let local: StoredImage;
    beforeEach(async () => {
      local = await imageFromHost(store.engine, { tag: 'localhost/mine', programs: ['true'] });
      await store.settle(local);
    });
    const blobOf = (digest: StoredImage['id']) => new BlobStore(store.engine.paths).path(digest);

    it('tells that its blob is lost, and keeps the image, which can run', async () => {
      const blobs = new BlobStore(store.engine.paths);
      flipByte(blobOf(readManifest(blobs, local.manifest).layers[0]?.digest ?? local.id));
      const { repairs, left } = await store.repair();
      expect(repairs).toEqual([
        {
          result: 'lost',
          message: expect.stringMatching(/a layer of localhost\/mine:latest, which came from no registry$/),
        },
      ]);
      const hint = 'no registry has it: make the image again, or remove it with: rcx rmi';
      expect(left.problems).toMatchObject([{ kind: 'blob', missing: true, images: ['localhost/mine:latest'], hint }]);
      expect(store.engine.layersOf(store.engine.images.find('localhost/mine'))).toHaveLength(1);
    });

    it('drops it when nothing can tell any more what it is', async () => {
      flipByte(blobOf(local.id));
      const { repairs, left } = await store.repair();
      expect(repairs.map(({ result }) => result)).toEqual(['lost', 'dropped']);
      expect(repairs[1]?.message).toMatch(/^image localhost\/mine:latest: taken out of the index: /);
      expect(left.problems).toEqual([]);
      expect(store.engine.images.list()).toMatchObject([{ references: [store.name] }]);
    });

    it('makes its layer again from the blob', async () => {
      rmSync(join(store.engine.layers.path(local.diffIds[0] ?? local.id), '..'), { recursive: true });
      const { repairs, left } = await store.repair();
      expect(repairs).toEqual([{ result: 'repaired', message: expect.stringMatching(MADE) }]);
      expect(left.problems).toEqual([]);
    });
  });

  it('whose registry does not answer is mended another time', async () => {
    rmSync(store.blob('manifest'));
    rmSync(store.blob(0));
    const elsewhere = readFileSync(store.index(), 'utf8');
    writeFileSync(store.index(), elsewhere.replaceAll(registry.host, '127.0.0.1:1'));
    const { repairs, left } = await store.repair();
    expect(repairs).toEqual([
      { result: 'failed', message: expect.stringMatching(/a manifest of 127\.0\.0\.1:1\/app:v1: /) },
    ]);
    expect(left).toMatchObject({ images: 1, problems: [{ kind: 'blob', missing: true }] });
    writeFileSync(store.index(), elsewhere);
    expect((await store.repair()).left.problems).toEqual([]);
  });

  it('in which an image has only the name that a container knows is mended from there', async () => {
    await store.container('user');
    await store.engine.images.strip(store.image.manifest.digest);
    rmSync(store.blob(0));
    const { repairs, left } = await store.repair();
    expect(repairs).toEqual([{ result: 'repaired', message: expect.stringMatching(FETCHED) }]);
    expect(left.problems).toEqual([]);
  });

  describe('with a container', () => {
    it.each<[string, (folder: string) => void, string, string]>([
      ['whose state is rubbish', (f) => writeFileSync(join(f, 'state.json'), '{'), 'its record is damaged', 'repaired'],
      [
        'whose state is another thing',
        (f) => writeFileSync(join(f, 'state.json'), '[]'),
        'record is damaged',
        'repaired',
      ],
      ['without its name', (f) => rmSync(join(f, '../.names/one')), 'its name does not lead to it', 'repaired'],
    ])('%s mends it, and keeps what it wrote', async (_, damage, message, result) => {
      const { folder } = await store.container('one');
      writeFileSync(join(folder, 'upper/written'), 'data');
      damage(folder);
      const { found, repairs, left } = await store.repair();
      expect(found.problems).toMatchObject([{ message: expect.stringContaining(message) }]);
      expect(repairs).toMatchObject([{ result }]);
      expect(left).toMatchObject({ containers: 1, problems: [] });
      expect(store.engine.containers.find('one').folder).toBe(folder);
      expect(readFileSync(join(folder, 'upper/written'), 'utf8')).toBe('data');
    });

    it.each<[string, (folder: string) => void, RegExp]>([
      [
        'whose config is rubbish',
        (f) => writeFileSync(join(f, 'config.json'), ''),
        /save what you need of .*\/upper, then remove/,
      ],
      ['without its read-write layer', (f) => rmSync(join(f, 'upper'), { recursive: true }), /rcx rm -f [0-9a-f]{12}$/],
    ])('%s leaves it to its owner', async (_, damage, advice) => {
      const { folder } = await store.container('one');
      damage(folder);
      const { repairs, left } = await store.repair();
      expect(repairs).toEqual([{ result: 'failed', message: expect.stringMatching(advice) }]);
      expect(left.problems).toMatchObject([{ kind: 'container', hint: expect.stringMatching(advice) }]);
      expect(existsSync(folder)).toBe(true);
    });

    it('whose layers nobody has a blob of tells which it needs', async () => {
      await store.container('one');
      const { engine } = store;
      await engine.images.drop([store.image.manifest.digest]);
      rmSync(join(store.tree(1), '..'), { recursive: true });
      const { repairs, left } = await store.repair();
      expect(repairs).toEqual([
        { result: 'lost', message: expect.stringMatching(/needed by container one: there is no blob/) },
      ]);
      expect(left.problems).toMatchObject([{ kind: 'layer', containers: ['one'], images: [] }]);
    });

    it('that is about to run keeps its layers as they are', async () => {
      const stored = await store.container('one');
      rmSync(store.tree(0, 'd/base'));
      const { repairs, left } = await store.repair();
      expect(repairs).toEqual([
        { result: 'failed', message: expect.stringContaining('the container one has it as its root') },
      ]);
      expect(left.problems).toMatchObject([{ kind: 'layer' }]);
      await store.engine.containers.remove(stored);
      expect((await store.repair()).left.problems).toEqual([]);
    });
  });

  it('with what killed commands left is none, and is cleared up', async () => {
    const { engine } = store;
    mkdirSync(join(store.root, 'layers/.tmp-dead/diff'), { recursive: true });
    mkdirSync(join(store.root, 'containers/.tmp-dead'), { recursive: true });
    mkdirSync(join(store.root, 'layers', 'a'.repeat(64), 'diff'), { recursive: true });
    writeFileSync(join(store.root, 'images/.tmp-dead'), 'x');
    const { folder } = await store.container('one');
    const old = [
      join(store.root, 'images/.index.json.tmp-4194304-0123456789ab'),
      join(folder, '.state.json.tmp-4194304-0123456789ab'),
    ];
    for (const path of old) {
      writeFileSync(path, '{');
      utimesSync(path, 0, 0);
    }
    symlinkSync('b'.repeat(64), join(store.root, 'containers/.names/gone'));
    await new BlobStore(engine.paths).put(digestOf(Buffer.from('unused')), Buffer.from('unused'));
    const kinds = async () => (await store.check()).leftovers.map(({ kind }) => kind);
    expect((await kinds()).sort()).toEqual(['content', 'name', ...Array(6).fill('temporary')]);
    const { found, repairs, left } = await store.repair();
    expect(found.leftovers).toHaveLength(8);
    expect(found).toMatchObject({ problems: [] });
    expect(repairs.map(({ result }) => result)).toEqual(Array(7).fill('removed'));
    expect(left).toMatchObject({
      problems: [],
      leftovers: [{ kind: 'content', message: expect.stringMatching(/1 blobs and 0 layers/) }],
    });
    expect(readdirSync(join(store.root, 'containers/.names'))).toEqual(['one']);
  });
});

/** Cgroups are the machine's: what other tests leave is not of this store. */
function own(report: CheckReport): CheckReport {
  return { ...report, leftovers: report.leftovers.filter(({ kind }) => kind !== 'cgroup') };
}

/** As if the machine had gone down before the layer was on the disk. */
function loseLayer(store: DamagedStore): void {
  const path = store.tree(0, '../layer.json');
  const record = JSON.parse(readFileSync(path, 'utf8')) as object;
  writeFileSync(path, JSON.stringify({ ...record, boot: 'an earlier one' }));
  rmSync(store.tree(0, '../flushed'), { force: true });
}
