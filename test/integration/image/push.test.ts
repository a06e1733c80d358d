import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { beforeAll, beforeEach, expect, it } from 'vitest';
import { imageFromHost } from '../../../ts/image/fromHost/build.ts';
import { type PushedImage, pushImage } from '../../../ts/image/push.ts';
import type { PushEvent } from '../../../ts/image/pushEvents.ts';
import { DOCKER_LAYER_GZIP, OCI_LAYER_GZIP, OCI_LAYER_ZSTD } from '../../../ts/oci/mediaTypes.ts';
import { parseReference } from '../../../ts/oci/reference.ts';
import { readManifest, type StoredImage } from '../../../ts/store/storedImage.ts';
import { CountingProxy } from '../../support/countingProxy.ts';
import { TestEngine } from '../../support/engines.ts';
import { asTar } from '../../support/layoutWriter.ts';
import { withUnion } from '../../support/overlay.ts';
import { startRegistry, type TestRegistry } from '../../support/registry.ts';
import { fetchImage } from '../../support/registryImages.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';
import { readTree } from '../../support/tree.ts';

const scratch = scratchDirectory();
let registry: TestRegistry;
let proxy: CountingProxy;
let own: TestEngine;
beforeAll(async () => {
  registry = await startRegistry();
  return () => registry.close();
});
beforeEach(async () => {
  proxy = await CountingProxy.start(registry.host);
  own = new TestEngine(scratch);
  return () => proxy.close();
});

/** A layer that no registry has yet. */
const layer = (name: string) =>
  new TarBuilder()
    .directory('d', { mtime: 5 })
    .file(`d/${name}`, randomBytes(50_000), { mode: 0o4755, uid: 7 })
    .build();

/** Pushes under a name of the proxy; returns what it told of each layer at last. */
async function push(name: string, from: TestEngine = own): Promise<PushedImage & { last: PushEvent[] }> {
  const last = new Map<string, PushEvent>();
  const onEvent = (event: PushEvent) => last.set(event.diffId, event);
  const pushed = await pushImage(from.engine, parseReference(`${proxy.host}/${name}`), { onEvent });
  return { ...pushed, last: [...last.values()] };
}

const find = (name: string) => own.engine.images.find(`${proxy.host}/${name}`);
const layersOf = (image: StoredImage) => readManifest(own.store.blobs, image.manifest).layers;
const treeOf = async ({ engine }: TestEngine, image: StoredImage) =>
  await withUnion(scratch, engine.layersOf(image), readTree);

/** Asserts that an image pulled into a fresh store is the one that was pushed. */
async function expectPulled(name: string, image: StoredImage): Promise<void> {
  const other = new TestEngine(scratch);
  const pulled = await other.pull(`${proxy.host}/${name}`);
  expect(pulled).toMatchObject({ id: image.id, config: image.config, diffIds: image.diffIds, size: image.size });
  expect(await treeOf(other, pulled)).toEqual(await treeOf(own, image));
}

describeWith({ root: true, commands: ['docker-registry'] }, 'a pushed image', () => {
  it('is what others pull, and known by its digest', async () => {
    const whiteout = new TarBuilder().directory('d', { mtime: 6 }).file('d/.wh.a').file('d/c', 'top').build();
    const { image } = await own.add(`${proxy.host}/app:1`, [layer('a'), layer('b'), whiteout]);
    const { digest, size, last } = await push('app:1');
    expect({ digest, size }).toMatchObject({ digest: image.manifest.digest, size: image.manifest.size });
    expect(last).toEqual(image.diffIds.map((diffId) => expect.objectContaining({ diffId, status: 'pushed' })));
    expect(find('app:1').repoDigests).toEqual([`${proxy.host}/app@${digest}`]);
    await expectPulled('app:1', image);
    await expectPulled(`app@${digest}`, image);
  });

  it('is sent once', async () => {
    await own.add(`${proxy.host}/once:1`, [layer('a'), layer('b')]);
    await push('once:1');
    expect(proxy.sent.filter((line) => line.startsWith('POST'))).toHaveLength(3);
    proxy.seen = [];
    const { last } = await push('once:1');
    expect(last.map(({ status }) => status)).toEqual(['exists', 'exists']);
    expect(proxy.sent).toEqual(['PUT /v2/once/manifests/1']);
  });

  it('shares what the repository has, under another tag', async () => {
    const base = layer('base');
    await own.add(`${proxy.host}/shared:1`, [base]);
    await own.add(`${proxy.host}/shared:2`, [base, layer('top')]);
    await push('shared:1');
    proxy.seen = [];
    const { last } = await push('shared:2');
    expect(last.map(({ status }) => status)).toEqual(['exists', 'pushed']);
    // The layer and the config.
    expect(proxy.sent.filter((line) => line.startsWith('POST'))).toHaveLength(2);
  });

  it('takes layers from another repository of the registry instead of sending them', async () => {
    const base = layer('base');
    await own.add(`${proxy.host}/library/base:1`, [base]);
    await push('library/base:1');
    await own.add(`${proxy.host}/team/app:1`, [base, layer('top')]);
    proxy.seen = [];
    const { last } = await push('team/app:1');
    expect(last).toEqual([
      expect.objectContaining({ status: 'mounted', from: 'library/base' }),
      expect.objectContaining({ status: 'pushed' }),
    ]);
    expect(proxy.sent.filter((line) => line.includes('mount='))).toHaveLength(1);
    expect(proxy.sent.filter((line) => line.startsWith('PUT /v2/team/app/blobs'))).toHaveLength(2);
    await expectPulled('team/app:1', find('team/app:1'));
  });

  it('of which a layer comes twice sends it once', async () => {
    const same = layer('a');
    const { image } = await own.add(`${proxy.host}/twice:1`, [same, layer('b'), same]);
    const { last } = await push('twice:1');
    expect(proxy.sent.filter((line) => line.startsWith('POST'))).toHaveLength(3);
    expect(last.map(({ status }) => status)).toEqual(['pushed', 'pushed']);
    await expectPulled('twice:1', image);
  });

  it('keeps its name for another image that took it meanwhile', async () => {
    await own.add(`${proxy.host}/moving:1`, [layer('a')]);
    const { image: next } = await own.add(`${proxy.host}/moving:2`, [layer('b')]);
    let moved: Promise<unknown> | undefined;
    const onEvent = () => {
      moved ??= own.engine.images.tag(next.id, parseReference(`${proxy.host}/moving:1`));
    };
    await pushImage(own.engine, parseReference(`${proxy.host}/moving:1`), { onEvent });
    await moved;
    expect(find('moving:1').id).toBe(next.id);
  });
});

describeWith({ root: true, commands: ['docker-registry'] }, 'layers that are stored plain', () => {
  it('are compressed, and the image stays the same', async () => {
    const { image } = await own.add(`${proxy.host}/plain:1`, [layer('a'), layer('b')], { compress: asTar });
    await own.engine.images.tag(image.id, parseReference('local:1'));
    const { last, digest } = await push('plain:1');
    expect(last.map(({ status }) => status)).toEqual(['pushed', 'pushed']);
    const { manifest } = await fetchImage(registry.host, 'plain', '1');
    expect(manifest.layers.map(({ mediaType }) => mediaType)).toEqual([OCI_LAYER_GZIP, OCI_LAYER_GZIP]);
    const now = find('plain:1');
    expect(now).toMatchObject({ id: image.id, diffIds: image.diffIds, manifest: { digest } });
    expect(own.engine.images.find('local:1').manifest.digest).toBe(digest);
    await expectPulled('plain:1', image);
    proxy.seen = [];
    await push('plain:1');
    expect(proxy.sent).toEqual(['PUT /v2/plain/manifests/1']);
  });

  it('of this machine’s programs are, too', async () => {
    const image = await imageFromHost(own.engine, { tag: `${proxy.host}/host:1`, programs: ['true'] });
    await push('host:1');
    expect(layersOf(find('host:1')).map(({ mediaType }) => mediaType)).toEqual([OCI_LAYER_GZIP]);
    await expectPulled('host:1', image);
  });

  it('are compressed alike by two pushes at once', async () => {
    const { image } = await own.add(`${proxy.host}/both:1`, [layer('a'), layer('b')], { compress: asTar });
    await own.engine.images.tag(image.id, parseReference(`${proxy.host}/both:2`));
    const [one, two] = await Promise.all([push('both:1'), push('both:2')]);
    expect(one.digest).toBe(two.digest);
    expect(own.engine.images.list()).toHaveLength(1);
    await expectPulled('both:1', image);
    await expectPulled('both:2', image);
  });
});

describeWith({ root: true, commands: ['docker-registry', 'zstd'] }, 'layers that are compressed', () => {
  it.each([
    ['zstd', OCI_LAYER_ZSTD, (archive: Buffer) => execFileSync('zstd', ['--stdout'], { input: archive })],
    ['gzip, by Docker', DOCKER_LAYER_GZIP, (archive: Buffer) => execFileSync('gzip', ['-1'], { input: archive })],
  ])('by %s are sent as they are', async (program, mediaType, run) => {
    const name = `as-is-${program.slice(0, 4)}`;
    const compress = (archive: Buffer) => ({ mediaType, blob: run(archive) });
    const { image, layout } = await own.add(`${proxy.host}/${name}:1`, [layer('a')], { compress });
    const { digest } = await push(`${name}:1`);
    expect(digest).toBe(layout.manifest.digest);
    expect((await fetchImage(registry.host, name, '1')).manifest.layers).toEqual(layout.layers);
    await expectPulled(`${name}:1`, image);
  });
});
