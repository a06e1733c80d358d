// What rcx saves is read by the tools that people have, and rcx loads what they save: IDs, names and every file are the same.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { SaveOptions } from '../../../../ts/image/archive/save.ts';
import { DOCKER, type Docker, startDocker } from '../../../support/dockerDaemon.ts';
import { asGzip, writeLayout } from '../../../support/layoutWriter.ts';
import { ArchiveStore } from '../../../support/loading.ts';
import { withUnion } from '../../../support/overlay.ts';
import { openPodman, type Podman } from '../../../support/podman.ts';
import { describeWith } from '../../../support/requires.ts';
import { scratchDirectory } from '../../../support/scratch.ts';
import { TarBuilder } from '../../../support/tarBuilder.ts';
import { readTree, type Tree } from '../../../support/tree.ts';

const scratch = scratchDirectory();
const TIME = { mtime: 1_700_000_000 };
const BASE = new TarBuilder()
  .directory('etc', TIME)
  .file('etc/motd', 'hello', TIME)
  .file('etc/shadow', 'x', { ...TIME, mode: 0o600, uid: 7, gid: 9 })
  .directory('data', TIME)
  .file('data/gone', 'x', TIME)
  .file('data/kept', 'y'.repeat(70_000), TIME)
  .hardlink('data/again', 'data/kept', TIME)
  .symlink('data/link', '../etc/motd', TIME)
  .build();
const TOP = new TarBuilder()
  .directory('data', TIME)
  .file('data/.wh.gone', '', TIME)
  .file('data/setuid', 'z', { ...TIME, mode: 0o4755 })
  .add({ name: 'data/null', type: '3', major: 1, minor: 3, ...TIME })
  .build();

const store = new ArchiveStore(scratch);
/** IDs of the two images, which share their base. */
let app = '';
let other = '';
/** What a container of `app` sees, but for its root's own attributes. */
let expected: Tree;

beforeAll(async () => {
  for (const [tag, layers] of [
    ['docker.io/library/app:v1', [BASE, TOP]],
    ['localhost:5000/team/other:v2', [BASE]],
  ] as const) {
    const directory = mkdtempSync(join(scratch, 'layout-'));
    writeLayout(directory, layers, { tag, compress: asGzip });
    await store.load(execFileSync('tar', ['-C', directory, '-c', '.'], { maxBuffer: 1 << 26 }));
  }
  app = store.engine.images.find('app:v1').id;
  other = store.engine.images.find('localhost:5000/team/other:v2').id;
  expected = await treeIn(store, 'app:v1');
});

const NAMES = ['app:v1', 'localhost:5000/team/other:v2'];

async function treeIn(from: ArchiveStore, name: string): Promise<Tree> {
  const layers = from.engine.layersOf(from.engine.images.find(name));
  return comparable(await withUnion(scratch, layers, readTree));
}

function comparable({ '.': _root, ...tree }: Tree): Tree {
  // Marks of overlay, of which other tools have none.
  return Object.fromEntries(Object.entries(tree).map(([path, { xattrs: _marks, ...entry }]) => [path, entry]));
}

/** A file with an archive of these images. */
async function saved(names: readonly string[], options: SaveOptions = {}): Promise<string> {
  const file = join(mkdtempSync(join(scratch, 'saved-')), 'images.tar');
  writeFileSync(file, await store.save(names, options));
  return file;
}

const fresh = (name: string) => join(mkdtempSync(join(scratch, 'tool-')), name);

/** Loads what a tool wrote into a new store, and expects it to be the image. */
async function expectApp(archive: string, name = 'docker.io/library/app:v1'): Promise<void> {
  const own = new ArchiveStore(scratch);
  expect(await own.load(readFileSync(archive))).toEqual([{ id: app, names: name === '' ? [] : [name], replaced: [] }]);
  expect(await treeIn(own, app)).toEqual(expected);
}

describeWith({ root: true, commands: ['skopeo', 'umoci'] }, 'skopeo and umoci', () => {
  const idOf = async (source: string) => {
    const { stdout } = await execa('skopeo', ['inspect', '--raw', source]);
    return (JSON.parse(stdout) as { config: { digest: string } }).config.digest;
  };
  const FORMS: [string, SaveOptions][] = [
    ['the default form', {}],
    ['oci-archive', { format: 'oci-archive' }],
    ['docker-archive', { format: 'docker-archive' }],
  ];

  test.each(FORMS.slice(0, 2))('skopeo reads %s as oci-archive:', async (_, options) => {
    expect(await idOf(`oci-archive:${await saved(NAMES.slice(0, 1), options)}`)).toBe(app);
    const file = await saved(NAMES, options);
    expect(await idOf(`oci-archive:${file}:v1`)).toBe(app);
    expect(await idOf(`oci-archive:${file}:v2`)).toBe(other);
  });

  test.each([FORMS[0], FORMS[2]] as typeof FORMS)('skopeo reads %s as docker-archive:', async (_, options) => {
    const file = await saved(NAMES, options);
    expect(await idOf(`docker-archive:${file}:app:v1`)).toBe(app);
    expect(await idOf(`docker-archive:${file}:localhost:5000/team/other:v2`)).toBe(other);
  });

  test.each(FORMS.slice(0, 2))('umoci unpacks %s once it is untarred', async (_, options) => {
    const [layout, bundle] = [fresh('layout'), fresh('bundle')];
    mkdirSync(layout);
    await execa('tar', ['-C', layout, '-xf', await saved(NAMES, options)]);
    await execa('umoci', ['unpack', '--image', `${layout}:v1`, bundle]);
    expect(comparable(readTree(join(bundle, 'rootfs')))).toEqual(expected);
  });

  test.each(['oci-archive', 'docker-archive'])('rcx loads what skopeo writes as %s:', async (transport) => {
    const archive = fresh('images.tar');
    const from = `oci-archive:${await saved(NAMES.slice(0, 1))}`;
    await execa('skopeo', ['copy', '-q', from, `${transport}:${archive}:docker.io/library/app:v1`]);
    await expectApp(archive);
  });
});

describeWith({ root: true, commands: ['podman', 'buildah'] }, 'podman and buildah', () => {
  let engine: Podman;
  beforeAll(() => {
    engine = openPodman(fresh('podman'));
  });
  afterAll(() => engine.close());

  async function images(): Promise<Record<string, string>> {
    const lines = await engine.podman('images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.Id}}');
    return Object.fromEntries(lines.split('\n').map((line) => line.split(' ')));
  }

  test.each<[string, SaveOptions, readonly string[], Record<string, () => string>]>([
    ['the default form', {}, ['app:v1'], { 'docker.io/library/app:v1': () => app }],
    // As of docker's own archives: names without a registry are podman's.
    [
      'the default form with two images',
      {},
      NAMES,
      { 'localhost/app:v1': () => app, 'localhost:5000/team/other:v2': () => other },
    ],
    ['oci-archive', { format: 'oci-archive' }, ['app:v1'], { 'docker.io/library/app:v1': () => app }],
    [
      'docker-archive with two images',
      { format: 'docker-archive' },
      NAMES,
      { 'docker.io/library/app:v1': () => app, 'localhost:5000/team/other:v2': () => other },
    ],
  ])('podman loads %s', async (_, options, names, loaded) => {
    await engine.podman('load', '-q', '-i', await saved(names, options));
    expect(await images()).toMatchObject(
      Object.fromEntries(Object.entries(loaded).map(([name, id]) => [name, id().replace('sha256:', '')])),
    );
    const root = await engine.podman('image', 'mount', app);
    try {
      expect(comparable(readTree(root))).toEqual(expected);
    } finally {
      await engine.podman('image', 'umount', app);
      await engine.podman('rmi', '-af');
    }
  });

  test.each(['oci-archive', 'docker-archive'])('rcx loads what podman saves as %s', async (format) => {
    await engine.podman('load', '-q', '-i', await saved(['app:v1']));
    const [named, unnamed] = [fresh('images.tar'), fresh('images.tar')];
    await engine.podman('save', '-q', '--format', format, '-o', named, 'docker.io/library/app:v1');
    await expectApp(named);
    await engine.podman('save', '-q', '--format', format, '-o', unnamed, app.replace('sha256:', ''));
    await expectApp(unnamed, '');
    await engine.podman('rmi', '-af');
  });

  test.each(['oci-archive', 'docker-archive'])('rcx loads what buildah pushes to %s:', async (transport) => {
    await engine.podman('load', '-q', '-i', await saved(['app:v1']));
    const archive = fresh('images.tar');
    await engine.buildah('push', '-q', 'docker.io/library/app:v1', `${transport}:${archive}:docker.io/library/app:v1`);
    await expectApp(archive);
    await engine.podman('rmi', '-af');
  });
});

describeWith(DOCKER, 'docker', () => {
  let daemon: Docker;
  beforeAll(async () => {
    daemon = await startDocker(fresh('docker'));
  });
  afterAll(() => daemon?.close());

  const clear = async () => {
    const ids = await daemon.docker('images', '-q', '--no-trunc');
    await daemon.docker('rmi', '-f', ...new Set(ids.split('\n')));
  };

  test.each<[string, SaveOptions]>([
    ['the default form', {}],
    ['docker-archive', { format: 'docker-archive' }],
  ])('loads %s, and rcx what docker saves of it', async (_, options) => {
    const output = await daemon.docker('load', '-i', await saved(NAMES, options));
    expect(output.split('\n').sort()).toEqual(['Loaded image: app:v1', 'Loaded image: localhost:5000/team/other:v2']);
    const list = await daemon.docker('images', '--no-trunc', '--format', '{{.Repository}}:{{.Tag}} {{.ID}}');
    expect(list.split('\n').sort()).toEqual([`app:v1 ${app}`, `localhost:5000/team/other:v2 ${other}`]);
    const [one, both, unnamed] = [fresh('images.tar'), fresh('images.tar'), fresh('images.tar')];
    await daemon.docker('save', '-o', one, 'app:v1');
    await expectApp(one);
    await daemon.docker('save', '-o', unnamed, app);
    await expectApp(unnamed, '');
    await daemon.docker('save', '-o', both, ...NAMES);
    const own = new ArchiveStore(scratch);
    const loaded = await own.load(readFileSync(both));
    expect(Object.fromEntries(loaded.map(({ id, names }) => [id, names]))).toEqual({
      [app]: ['docker.io/library/app:v1'],
      [other]: ['localhost:5000/team/other:v2'],
    });
    await clear();
  });

  test('loads an image that was saved by its ID', async () => {
    expect(await daemon.docker('load', '-i', await saved([app]))).toBe(`Loaded image ID: ${app}`);
    await clear();
  });

  test('loads from docker-archive what it could not inflate itself', async () => {
    const directory = mkdtempSync(join(scratch, 'layout-'));
    const zstd = (input: Buffer) => execFileSync('zstd', ['-qc'], { input });
    const compress = (archive: Buffer) => ({
      mediaType: 'application/vnd.oci.image.layer.v1.tar+zstd',
      blob: zstd(archive),
    });
    const { config } = writeLayout(directory, [BASE, TOP], { tag: 'docker.io/library/zstd:v1', compress });
    const own = new ArchiveStore(scratch);
    await own.load(execFileSync('tar', ['-C', directory, '-c', '.'], { maxBuffer: 1 << 26 }));
    const file = fresh('images.tar');
    writeFileSync(file, await own.save(['zstd:v1'], { format: 'docker-archive' }));
    expect(await daemon.docker('load', '-i', file)).toBe('Loaded image: zstd:v1');
    expect(await daemon.docker('inspect', '-f', '{{.Id}}', 'zstd:v1')).toBe(config.digest);
    await clear();
  });
});
