import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { createContainer } from '../../../ts/container/create.ts';
import { Engine } from '../../../ts/engine.ts';
import { imageFromHost } from '../../../ts/image/fromHost/build.ts';
import { removeImage } from '../../../ts/image/remove.ts';
import { digestOf } from '../../../ts/oci/digest.ts';
import { parseReference } from '../../../ts/oci/reference.ts';
import type { ImageManifest } from '../../../ts/oci/types.ts';
import { BlobStore } from '../../../ts/store/blobs.ts';
import type { StoredImage } from '../../../ts/store/images.ts';
import { contentLockPath, withLock } from '../../../ts/store/lock.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';

describeWith({}, 'removeImage', () => {
  const folder = scratchDirectory();
  let engine: Engine;
  let image: StoredImage;
  let count = 0;
  beforeEach(async () => {
    const root = join(folder, String(count++));
    engine = new Engine({ root, run: join(root, 'run') });
    image = await imageFromHost(engine, { tag: 'localhost/one', programs: ['true'] });
  });

  const layers = () => readdirSync(engine.paths.layers).length;
  const blobs = () => readdirSync(join(engine.paths.images, 'blobs/sha256')).length;
  const names = () => engine.images.list().flatMap(({ references }) => references);
  const use = (name: string) => createContainer(engine, { image, reference: 'localhost/one' }, { name });

  it('removes the image with its last name, and all that is left of it', async () => {
    const { untagged, deleted } = await removeImage(engine, 'localhost/one');
    expect(untagged).toContain('localhost/one:latest');
    expect(deleted).toEqual([image.id, ...image.diffIds]);
    expect([names(), layers(), blobs()]).toEqual([[], 0, 0]);
  });

  it('removes one name of several, and nothing else', async () => {
    await engine.images.tag('localhost/one', parseReference('localhost/two'));
    expect(await removeImage(engine, 'localhost/one')).toEqual({ untagged: ['localhost/one:latest'], deleted: [] });
    expect(names()).toEqual(['localhost/two:latest']);
    expect([layers(), blobs()]).toEqual([1, 3]);
  });

  it('removes all names of an id in one repository, and those in several only by force', async () => {
    await engine.images.tag('localhost/one', parseReference('localhost/one:2'));
    await engine.images.tag('localhost/one', parseReference('localhost/two'));
    await expect(removeImage(engine, image.id)).rejects.toMatchObject({ code: 'ERR_RCX_IMAGE_NAMES' });
    await removeImage(engine, 'localhost/two');
    await removeImage(engine, image.id.slice('sha256:'.length, 20));
    expect([names(), layers()]).toEqual([[], 0]);
  });

  it('removes by the digest that it was pulled by', async () => {
    const options = { sourceDigest: image.manifest.digest };
    const [digest = ''] = (await engine.images.put(parseReference('localhost/one'), image.manifest, options))
      .repoDigests;
    await removeImage(engine, digest);
    expect([names(), layers()]).toEqual([[], 0]);
  });

  /** Another image with the very layer of the first. */
  async function sibling(name: string): Promise<StoredImage> {
    const store = new BlobStore(engine.paths);
    const config = Buffer.from(JSON.stringify({ ...image.config, author: 'another' }));
    const { config: first, ...manifest } = JSON.parse(store.read(image.manifest.digest).toString()) as ImageManifest;
    const own = { ...manifest, config: { ...first, digest: digestOf(config), size: config.length } };
    const bytes = Buffer.from(JSON.stringify(own));
    for (const blob of [config, bytes]) await store.put(digestOf(blob), blob);
    const descriptor = { ...image.manifest, digest: digestOf(bytes), size: bytes.length };
    return await engine.images.put(parseReference(name), descriptor);
  }

  it('keeps what another image has, too', async () => {
    const other = await sibling('localhost/two');
    expect([layers(), blobs()]).toEqual([1, 5]);
    expect((await removeImage(engine, 'localhost/one')).deleted).toEqual([image.id]);
    // The layer, unpacked and as a blob, with the other's manifest and config.
    expect([layers(), blobs()]).toEqual([1, 3]);
    expect((await removeImage(engine, 'localhost/two')).deleted).toEqual([other.id, ...image.diffIds]);
    expect([layers(), blobs()]).toEqual([0, 0]);
  });

  it('keeps an image that a container uses, and says which', async () => {
    await use('user');
    const error = { code: 'ERR_RCX_IMAGE_IN_USE', message: expect.stringContaining('user') };
    await expect(removeImage(engine, 'localhost/one')).rejects.toMatchObject(error);
    expect(await removeImage(engine, 'localhost/one', { force: true })).toMatchObject({ deleted: [] });
    expect([names(), layers(), blobs()]).toEqual([[], 1, 3]);
    await expect(removeImage(engine, image.id, { force: true })).rejects.toMatchObject(error);
    await engine.containers.remove(engine.containers.find('user'));
    expect(await removeImage(engine, image.id)).toEqual({ untagged: [], deleted: [image.id, ...image.diffIds] });
    expect([layers(), blobs()]).toEqual([0, 0]);
  });

  it('waits for whoever relies on what it would delete', async () => {
    let waited = false;
    let removal: Promise<unknown> | undefined;
    await withLock(
      contentLockPath(engine.paths),
      async () => {
        const waits = new Promise<void>((resolve) => {
          const onWait = () => {
            waited = true;
            resolve();
          };
          removal = removeImage(engine, 'localhost/one', { onWait });
        });
        await waits;
        expect(names()).toEqual(['localhost/one:latest']);
      },
      { shared: true },
    );
    await removal;
    expect(waited).toBe(true);
    expect(names()).toEqual([]);
  });

  it('takes the name from an image that is damaged, without which it can be pulled again', async () => {
    rmSync(new BlobStore(engine.paths).path(image.manifest.digest));
    const fresh = new Engine({ root: engine.paths.root, run: engine.paths.run });
    expect(await removeImage(fresh, 'localhost/one')).toEqual({ untagged: ['localhost/one:latest'], deleted: [] });
    await expect(removeImage(fresh, 'localhost/one')).rejects.toMatchObject({ code: 'ERR_RCX_IMAGE_NOT_FOUND' });
  });

  it.each(['localhost/none', 'localhost/one:2', 'f'.repeat(12), 'f'.repeat(64)])('knows no image %s', async (text) => {
    await expect(removeImage(engine, text, { force: true })).rejects.toMatchObject({ code: 'ERR_RCX_IMAGE_NOT_FOUND' });
  });
});
