import { mkdirSync, readdirSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { commitContainer } from '../../../ts/container/commit.ts';
import { createContainer } from '../../../ts/container/create.ts';
import {
  DOCKER_LAYER,
  DOCKER_LAYER_GZIP,
  OCI_LAYER,
  OCI_LAYER_GZIP,
  OCI_LAYER_ZSTD,
} from '../../../ts/oci/mediaTypes.ts';
import { parseTaggedReference } from '../../../ts/oci/reference.ts';
import { readManifest } from '../../../ts/store/storedImage.ts';
import { TestEngine } from '../../support/engines.ts';
import { asGzip, type LayoutOptions } from '../../support/layoutWriter.ts';
import { describeWith } from '../../support/requires.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';
import { wreckage } from '../../support/wreckage.ts';

const scratch = scratchDirectory();
const BASE = [new TarBuilder().file('a', 'base').build(), new TarBuilder().file('b', 'base').build()];

let own: TestEngine;
beforeEach(() => {
  own = new TestEngine(scratch);
});

/** A container that has not run, as one that has ended, of an image of two layers; with its read-write layer. */
async function container(options: LayoutOptions = {}): Promise<{ upper: string }> {
  const { image, layout } = await own.add('localhost/base:1', BASE, options);
  expect(layout.layers).toHaveLength(2);
  const { folder } = await createContainer(own.engine, { image, reference: 'base' }, { name: 'box', command: ['sh'] });
  return { upper: join(folder, 'upper') };
}

const commit = (signal?: AbortSignal) =>
  commitContainer(own.engine, 'box', { reference: parseTaggedReference('localhost/made:1'), signal });

describeWith({ root: true }, 'the manifest of a commit', () => {
  it.each([
    ['Docker’s gzip', DOCKER_LAYER_GZIP, OCI_LAYER_GZIP],
    ['Docker’s plain archives', DOCKER_LAYER, OCI_LAYER],
    ['zstd of the OCI', OCI_LAYER_ZSTD, OCI_LAYER_ZSTD],
  ])('has one family of media types, also over layers of %s', async (_, before, after) => {
    const compress = (archive: Buffer) => ({
      mediaType: before,
      blob: before === DOCKER_LAYER ? archive : asGzip(archive).blob,
    });
    const { upper } = await container({ compress });
    writeFileSync(join(upper, 'new'), 'new');
    const image = await commit();
    const types = readManifest(own.store.blobs, image.manifest).layers.map(({ mediaType }) => mediaType);
    expect(types).toEqual([after, after, OCI_LAYER_GZIP]);
  });

  it('names the blobs of the layers below as they are', async () => {
    const { upper } = await container();
    writeFileSync(join(upper, 'new'), 'new');
    const base = readManifest(own.store.blobs, own.engine.images.find('localhost/base:1').manifest);
    const made = readManifest(own.store.blobs, (await commit()).manifest);
    expect(made.layers.slice(0, -1)).toEqual(base.layers);
  });
});

describeWith({ root: true }, 'a commit that is interrupted', () => {
  it.each([
    ['before it begins', () => AbortSignal.abort(), { name: 'AbortError' }],
    ['while it reads', () => AbortSignal.timeout(150), { code: 'ERR_RCX_ABORTED' }],
  ])('%s leaves the store as it was', async (_, interrupt, error) => {
    const { upper } = await container();
    // Without blocks: it takes minutes to read, not seconds.
    writeFileSync(join(upper, 'huge'), '');
    truncateSync(join(upper, 'huge'), 2 ** 36);
    mkdirSync(join(upper, 'directory'));
    const before = own.store.content();
    await expect(commit(interrupt())).rejects.toMatchObject(error);
    expect(own.store.content()).toEqual(before);
    expect(wreckage(own.store.paths.root)).toEqual([]);
    expect(readdirSync(join(upper, '..'))).not.toContain('standstill.lock');
  });
});
