import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { loadImages } from '../../ts/image/archive/load.ts';
import { digestOf, hexOf } from '../../ts/oci/digest.ts';
import { archiveOf, configOf, dockerFiles, dockerImage, type Files, LayoutBuilder } from '../support/archives.ts';
import { ArchiveStore } from '../support/loading.ts';
import { scratchDirectory } from '../support/scratch.ts';
import { TarBuilder } from '../support/tarBuilder.ts';

const scratch = scratchDirectory();
const LAYER = new TarBuilder().file('a', 'content').build();
const OTHER = new TarBuilder().file('b', 'other').build();
const image = dockerImage([LAYER], ['app']);
const [LAYER_NAME = ''] = image.item.Layers;
const CONFIG_NAME = image.item.Config;

/** An archive that would be right, with these members added, changed, or (undefined) left out. */
function docker(changes: Record<string, string | Buffer | undefined>): TarBuilder {
  return archiveOf(merged(dockerFiles(image), changes));
}

/** `manifest.json` with one image, some of it changed. */
function manifest(changes: object): TarBuilder {
  return docker({ 'manifest.json': JSON.stringify([{ ...image.item, ...changes }]) });
}

function layout(
  change: (layout: LayoutBuilder, made: ReturnType<LayoutBuilder['image']>) => Files | undefined,
): TarBuilder {
  const builder = new LayoutBuilder();
  const made = builder.image([LAYER]);
  return archiveOf(change(builder, made) ?? builder.build());
}

function merged(files: Files, changes: Record<string, string | Buffer | undefined>): Files {
  return Object.fromEntries(
    Object.entries({ ...files, ...changes }).filter(
      (entry): entry is [string, string | Buffer] => entry[1] !== undefined,
    ),
  );
}

const blobOf = (digest: string) => `blobs/sha256/${digest.slice('sha256:'.length)}`;
const NAMED = { 'io.containerd.image.name': 'docker.io/library/app:latest' };

/** Loads an archive that must be refused with one line, and leave nothing. */
async function refused(archive: Buffer): Promise<{ code: string; message: string }> {
  const store = new ArchiveStore(scratch);
  const error = await store.load(archive, { piece: 4096 }).then(
    (loaded) => expect.fail(`it was loaded: ${JSON.stringify(loaded)}`),
    (reason: Error & { code: string }) => reason,
  );
  expect(error.message).toMatch(/^load[^\n\p{Cc}]*$/u);
  expect(store.wreckage).toEqual([]);
  const left = ['images', 'images/blobs/sha256', 'layers'].flatMap((folder) => {
    const path = join(store.root, folder);
    return existsSync(path) ? readdirSync(path) : [];
  });
  expect(left.filter((name) => name !== 'blobs')).toEqual([]);
  return error;
}

describe('an archive of images is refused, and leaves nothing, when', () => {
  it.each<[string, () => TarBuilder | Buffer, RegExp]>([
    ['a name is absolute', () => docker({ '/etc/passwd': 'x' }), /load: \/etc\/passwd: its name is absolute/],
    [
      'a name leads out',
      () => docker({ 'a/../../b': 'x' }),
      /load: a\/\.\.\/\.\.\/b: its name leads out of the archive/,
    ],
    [
      'a name is endless',
      () => new TarBuilder().longName('n'.repeat(5000)).file('n'),
      /n…?: its name is longer than 4096/,
    ],
    ['a file has no name', () => docker({}).file('./', 'x'), /the archive has a file without a name/],
    [
      'a file is there twice',
      () => docker({}).file(`./${LAYER_NAME}`, OTHER),
      /\/layer\.tar: it is in the archive twice/,
    ],
    [
      'a file is a folder, too',
      () => docker({}).directory('manifest.json'),
      /manifest\.json: it is in the archive twice/,
    ],
    [
      'a member is a device',
      () => docker({}).add({ name: 'null', type: '3', major: 1, minor: 3 }),
      /null: it is a device/,
    ],
    ['a member is a disk', () => docker({}).add({ name: 'sda', type: '4' }), /sda: it is a device/],
    ['a member is a pipe', () => docker({}).add({ name: 'pipe', type: '6' }), /pipe: it is a named pipe/],
    ['a member is of no known type', () => docker({}).add({ name: 'odd', type: 'V' }), /odd: entries of type "V"/],
    [
      'a member is sparse',
      () =>
        docker({})
          .pax([
            ['GNU.sparse.major', '1'],
            ['GNU.sparse.minor', '0'],
            ['GNU.sparse.name', 'holes'],
            ['GNU.sparse.realsize', '1099511627776'],
          ])
          .file('x', '0\n'.padEnd(512, '\0')),
      /holes: it is a sparse file/,
    ],
    ['a link leads out', () => docker({}).symlink('a/b', '../../etc/shadow'), /a\/b: it is a link that leads out/],
    ['a link is absolute', () => docker({}).symlink('a', '/etc/shadow'), /a: it is a link that leads out/],
    ['a hard link leads out', () => docker({}).hardlink('a/b', '../etc/shadow'), /a\/b: it is a link that leads out/],
    [
      'links lead in a circle',
      () =>
        manifest({ Layers: ['x'] })
          .symlink('x', 'folder/y')
          .symlink('folder/y', '../x'),
      /load: x: it is a link that leads in a circle/,
    ],
    [
      'a link leads to itself',
      () => manifest({ Layers: ['x'] }).hardlink('x', 'x'),
      /x: it is a link that leads in a circle/,
    ],
    [
      'a link leads nowhere',
      () => manifest({ Layers: ['x'] }).symlink('x', 'gone'),
      /gone: manifest\.json names it, and it is not/,
    ],
    ['a layer is a folder', () => manifest({ Layers: ['x'] }).directory('x/'), /x: manifest\.json takes it for a file/],
    [
      'a layer is not there',
      () => manifest({ Layers: ['gone.tar'] }),
      /gone\.tar: manifest\.json names it, and it is not in/,
    ],
    ['a layer is outside', () => manifest({ Layers: ['../../etc/passwd'] }), /passwd: its name leads out/],
    ['a config is outside', () => manifest({ Config: '/etc/passwd' }), /\/etc\/passwd: its name is absolute/],
    [
      'the config is not there',
      () => docker({ [CONFIG_NAME]: undefined }),
      /\.json: manifest\.json names it, and it is not in/,
    ],
    [
      'the config is huge',
      () => docker({ [CONFIG_NAME]: ' '.repeat(9 << 20) }),
      /load: \w+\.json: it has 9437184 bytes, more than the/,
    ],
    ['the config is no JSON', () => docker({ [CONFIG_NAME]: '{' }), /\.json: invalid image config: it is not JSON/],
    [
      'the config is none',
      () => docker({ [CONFIG_NAME]: '{}' }),
      /\.json: invalid image config: "architecture" is missing/,
    ],
    ['there are too few layers', () => manifest({ Layers: [] }), /it has 0 layers, but its config names 1/],
    [
      'a layer is another one',
      () => docker({ [LAYER_NAME]: OTHER }),
      /app:latest: [0-9a-f]+\/layer\.tar: unpack layer .* is sha256:\w+, not/,
    ],
    [
      'a layer is no archive',
      () => docker({ [LAYER_NAME]: 'x'.repeat(2000) }),
      /\/layer\.tar: unpack layer .*wrong checksum/,
    ],
    [
      'a layer is a broken gzip file',
      () => docker({ [LAYER_NAME]: gzipSync(LAYER).subarray(0, 60) }),
      /\/layer\.tar: unpack layer/,
    ],
    [
      'manifest.json is huge',
      () => docker({ 'manifest.json': ' '.repeat(9 << 20) }),
      /manifest\.json: it has 9437184 bytes/,
    ],
    ['manifest.json is no JSON', () => docker({ 'manifest.json': '[{' }), /manifest\.json: it is not JSON/],
    ['manifest.json is no list', () => docker({ 'manifest.json': '{}' }), /manifest\.json: the document is not a list/],
    ['manifest.json has a number', () => manifest({ Config: 1 }), /manifest\.json: "\[0\]\.Config" is not a string/],
    ['manifest.json has a NUL', () => manifest({ Config: 'a\0b' }), /"\[0\]\.Config" contains a NUL/],
    [
      'manifest.json names 501 layers',
      () => manifest({ Layers: Array(501).fill(LAYER_NAME) }),
      /has 501 entries, more than the 500/,
    ],
    ['manifest.json names nothing', () => docker({ 'manifest.json': '[]' }), /manifest\.json: it names no image/],
    [
      'manifest.json is a link to itself',
      () => docker({ 'manifest.json': undefined }).symlink('manifest.json', 'manifest.json'),
      /in a circle/,
    ],
    [
      'a name is none',
      () => manifest({ RepoTags: ['No Such\u001b[31m'] }),
      /manifest\.json: it gives an image the name "No Such\\u\{1b\}\[31m", which is none/,
    ],
    ['a name is an ID', () => manifest({ RepoTags: ['a'.repeat(64)] }), /it gives an image the name "aaa/],
    [
      'a name is that of two images',
      () => archiveOf(dockerFiles(image, dockerImage([OTHER], ['docker.io/library/app:latest']))),
      /load: the archive gives the name "docker\.io\/library\/app:latest" to several images/,
    ],
    [
      'it is docker’s format of 2014',
      () => archiveOf({ repositories: '{}', 'x/json': '{}', 'x/layer.tar': LAYER }),
      /before docker 1\.10/,
    ],
    ['it is of something else', () => archiveOf({ 'bin/sh': 'x' }), /neither index\.json nor manifest\.json/],
    ['it is empty', () => Buffer.alloc(0), /load: the archive is empty/],
    ['it has no members', () => new TarBuilder(), /neither index\.json nor manifest\.json/],
    ['it is text', () => Buffer.from('FROM scratch\n'.repeat(100)), /this is not a tar archive/],
    ['it is a few bytes', () => Buffer.from('x'), /this is not a tar archive/],
    ['it was cut short', () => docker({}).build().subarray(0, 1000), /the archive is truncated|not a tar archive/],
    ['it was cut short within a member', () => docker({}).build().subarray(0, 3200), /the archive is truncated/],
    [
      'it was cut short between members',
      () => docker({ 'manifest.json': undefined }),
      /neither index\.json nor manifest\.json/,
    ],
    ['a header is damaged', () => docker({}).add({ name: 'x', checksumError: 1 }), /a header has a wrong checksum/],
    ['its gzip file was cut short', () => gzipSync(docker({}).build()).subarray(0, -20), /load: .*gzip/],
    [
      'its gzip file is damaged',
      () => Buffer.concat([gzipSync(docker({}).build()).subarray(0, 60), Buffer.alloc(900, 7)]),
      /load: .*gzip/,
    ],
  ])('%s', async (_, build, message) => {
    const built = build();
    const error = await refused(Buffer.isBuffer(built) ? built : built.build());
    expect(error.message).toMatch(message);
    expect(error.code).toMatch(
      /^ERR_RCX_(ARCHIVE_INVALID|UNSUPPORTED|INVALID_MANIFEST|LAYER_INVALID|DIGEST_MISMATCH)$/,
    );
  });
});

describe('an image layout is refused, and leaves nothing, when', () => {
  it.each<[string, Parameters<typeof layout>[0], RegExp]>([
    [
      'its version is unknown',
      (l, { manifest: m }) => ({ ...l.entry(m, NAMED).build(), 'oci-layout': '{"imageLayoutVersion":"2.0.0"}' }),
      /oci-layout: image layouts of version 2\.0\.0 are unknown/,
    ],
    [
      'its version is missing',
      (l, { manifest: m }) => ({ ...l.entry(m, NAMED).build(), 'oci-layout': '{}' }),
      /oci-layout: "imageLayoutVersion" is missing/,
    ],
    [
      'the index is no JSON',
      (l) => ({ ...l.build(), 'index.json': '{' }),
      /index\.json: invalid index: it is not JSON/,
    ],
    ['the index is empty', (l) => l.build(), /index\.json: it names no image/],
    [
      'the index is huge',
      (l) => ({ ...l.build(), 'index.json': ' '.repeat(5 << 20) }),
      /index\.json: it has 5242880 bytes/,
    ],
    [
      'a manifest is not there',
      (l, { manifest: m }) => omit(l.entry(m, NAMED).build(), blobOf(m.digest)),
      /blobs\/sha256\/\w+: index\.json names it, and it is not/,
    ],
    [
      'a manifest is another one',
      (l, { manifest: m }) => ({ ...l.entry(m, NAMED).build(), [blobOf(m.digest)]: '{'.padEnd(m.size) }),
      /its content is not what its name says/,
    ],
    [
      'a manifest has another size',
      (l, { manifest: m }) => void l.entry({ ...m, size: m.size + 1 }, NAMED),
      /it has \d+ bytes, and index\.json says \d+/,
    ],
    [
      'a manifest is huge',
      (l) => void l.entry(l.blob(Buffer.alloc(5 << 20, ' '), 'application/vnd.oci.image.manifest.v1+json')),
      /it has 5242880 bytes, more than/,
    ],
    [
      'a config is another one',
      (l, { manifest: m, id }) => ({ ...l.entry(m, NAMED).build(), [blobOf(id)]: configOf([OTHER]) }),
      /its content is not what its name says/,
    ],
    [
      'a layer is not there',
      (l, { manifest: m }) => omit(l.entry(m, NAMED).build(), blobOf(digestOf(LAYER))),
      /blobs\/sha256\/\w+: blobs\/sha256\/\w+ names it, and it is not/,
    ],
    [
      'a layer is another one',
      (l, { manifest: m }) => ({ ...l.entry(m, NAMED).build(), [blobOf(digestOf(LAYER))]: Buffer.alloc(LAYER.length) }),
      /its content is not what its name says/,
    ],
    [
      'a layer has another size',
      (l, { manifest: m }) => ({ ...l.entry(m, NAMED).build(), [blobOf(digestOf(LAYER))]: 'x' }),
      /it has 1 bytes, and blobs\/sha256\/\w+ says 2048/,
    ],
    [
      'a manifest is an index',
      (l, { manifest: m }) => void l.entry({ ...l.index([m]), mediaType: m.mediaType }, NAMED),
      /blobs\/sha256\/\w+: invalid manifest/,
    ],
    [
      'an index leads to an index',
      (l, { manifest: m }) => void l.entry(l.index([l.index([l.index([m])])]), NAMED),
      /an index leads to another index/,
    ],
    [
      'a manifest is of schema 1',
      (l) => void l.entry(l.blob({ schemaVersion: 1 }, 'application/vnd.docker.distribution.manifest.v1+json'), NAMED),
      /\(Docker schema 1\)/,
    ],
    [
      'a name is none',
      (l, { manifest: m }) => void l.entry(m, { 'io.containerd.image.name': 'a/../b:c' }),
      /index\.json: it gives an image the name "a\/\.\.\/b:c", which is none/,
    ],
    [
      'a name has another digest',
      (l, { manifest: m }) => void l.entry(m, { 'io.containerd.image.name': `app@${digestOf(LAYER)}` }),
      /index\.json: it gives the name "app@sha256:\w+…?" to sha256:/,
    ],
    [
      'a name is that of two images',
      (l, { manifest: m }) => void l.entry(m, NAMED).entry(l.image([OTHER]).manifest, NAMED),
      /index\.json: it gives the name "docker\.io\/library\/app:latest" to several/,
    ],
    [
      'index.json and manifest.json disagree about a name',
      (l, { manifest: m }) => {
        const other = dockerImage([OTHER], ['app']);
        return { ...l.entry(m, NAMED).build(), ...dockerFiles(other) };
      },
      /load: the archive gives the name "docker\.io\/library\/app:latest" to several images/,
    ],
    [
      'an artifact has a name',
      (l, { manifest: m }) => void l.entry(l.blob({ schemaVersion: 2, config: m, layers: [] }, m.mediaType), NAMED),
      /not a container image/,
    ],
  ])('%s', async (_, change, message) => {
    const error = await refused(layout(change).build());
    expect(error.message).toMatch(message);
    expect(error.code).toMatch(/^ERR_RCX_(ARCHIVE_INVALID|UNSUPPORTED|INVALID_MANIFEST|UNSUPPORTED_MEDIA_TYPE)$/);
  });
});

describe('of an archive that is bad', () => {
  it('what was there before stays', async () => {
    const store = new ArchiveStore(scratch);
    await store.load(archiveOf(dockerFiles(image)).build());
    const bad = dockerImage([LAYER, OTHER], ['bad']);
    const files = { ...dockerFiles(bad), [bad.item.Layers[1] ?? '']: new TarBuilder().file('b', 'changed').build() };
    await expect(store.load(archiveOf(files).build())).rejects.toMatchObject({ code: 'ERR_RCX_DIGEST_MISMATCH' });
    expect(store.names).toEqual(['docker.io/library/app:latest']);
    expect(readdirSync(join(store.root, 'layers'))).toEqual([hexOf(digestOf(LAYER))]);
    expect(store.engine.layersOf(store.engine.images.find('app'))).toHaveLength(1);
  });

  it('layers that were right are not left either', async () => {
    // The good one is stored larger, so it comes first, and is done long before the other has been inflated.
    const good = new TarBuilder().file('a', randomBytes(200_000)).build();
    const bad = new TarBuilder().file('b', Buffer.alloc(64 << 20)).build();
    const made = dockerImage([good, new TarBuilder().file('b').build()], ['app']);
    const [, path = ''] = made.item.Layers;
    const archive = archiveOf({ ...dockerFiles(made), [path]: gzipSync(bad) }).build();
    expect(await refused(archive)).toMatchObject({ code: 'ERR_RCX_DIGEST_MISMATCH' });
  });

  it('the images before the bad one stay, whole', async () => {
    const store = new ArchiveStore(scratch);
    const bad = dockerImage([LAYER, OTHER], ['bad']);
    const files = {
      ...dockerFiles(image, bad),
      [bad.item.Layers[1] ?? '']: new TarBuilder().file('b', 'changed').build(),
    };
    await expect(store.load(archiveOf(files).build())).rejects.toThrow(/load docker\.io\/library\/bad:latest: /);
    expect(store.names).toEqual(['docker.io/library/app:latest']);
    expect(store.wreckage).toEqual([]);
  });

  it('nothing is left when it is called off, also while nothing comes', async () => {
    const store = new ArchiveStore(scratch);
    const archive = archiveOf(dockerFiles(image)).build();
    async function* stuck() {
      yield archive.subarray(0, 1000);
      await new Promise(() => undefined);
    }
    const loading = loadImages(store.engine, stuck(), { signal: AbortSignal.timeout(50) });
    await expect(loading.next()).rejects.toMatchObject({ code: 'ERR_RCX_ABORTED' });
    expect(store.wreckage).toEqual([]);
  });
});

function omit(files: Files, name: string): Files {
  return merged(files, { [name]: undefined });
}
