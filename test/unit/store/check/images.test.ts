import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkBlobs } from '../../../../ts/store/check/blobs.ts';
import { checkImages } from '../../../../ts/store/check/images.ts';
import { checkLayout } from '../../../../ts/store/check/layout.ts';
import { storePaths } from '../../../../ts/store/paths.ts';
import { flipByte } from '../../../support/damage.ts';
import { type WrittenLayout, writeLayout } from '../../../support/layoutWriter.ts';
import { TarBuilder } from '../../../support/tarBuilder.ts';

let root: string;
let images: string;
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'rcx-check-'));
  images = join(root, 'images');
  mkdirSync(images);
});
afterEach(() => rmSync(root, { recursive: true }));

const paths = () => storePaths({ RCX_ROOT: root, RCX_RUN: root });
const blob = (digest: string) => join(images, 'blobs', digest.replace(':', '/'));
const write = (): WrittenLayout =>
  writeLayout(images, [new TarBuilder().file('a', 'one').build(), new TarBuilder().file('b', 'two').build()], {
    tag: 'localhost/app:1',
  });

async function check() {
  const { entries = [] } = checkLayout(paths());
  const { damaged } = await checkBlobs(paths(), new AbortController().signal);
  return checkImages(paths(), entries, damaged);
}

describe('blobs', () => {
  it('are counted, and those told of that are not what their names say', async () => {
    const { config } = write();
    const signal = new AbortController().signal;
    expect(await checkBlobs(paths(), signal)).toEqual({ count: 4, damaged: new Map() });
    flipByte(blob(config.digest));
    const why = expect.stringMatching(/^its \d+ bytes are not what its name says$/);
    expect(await checkBlobs(paths(), signal)).toEqual({ count: 4, damaged: new Map([[config.digest, why]]) });
    await expect(checkBlobs(paths(), AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  });
});

describe('images', () => {
  it('are whole when all their parts are', async () => {
    const { config, layers, diffIds } = write();
    const found = await check();
    expect(found).toMatchObject({ count: 1, problems: [] });
    expect(found.layers.map(({ diffId, blob: { digest } }) => [diffId, digest])).toEqual(
      layers.map(({ digest }, at) => [diffIds[at], digest]),
    );
    expect(found.users.get(config.digest)).toEqual(['localhost/app:1']);
  });

  it('tell which part is missing, once', async () => {
    const { layers, manifest } = write();
    rmSync(blob(layers[0]?.digest ?? ''));
    const index = {
      schemaVersion: 2,
      manifests: [manifest, { ...manifest, annotations: { 'org.opencontainers.image.ref.name': 'localhost/b:2' } }],
    };
    writeFileSync(join(images, 'index.json'), JSON.stringify(index));
    expect((await check()).problems).toMatchObject([
      { kind: 'blob', missing: true, images: ['localhost/b:2'], message: expect.stringContaining('a layer of') },
    ]);
  });

  it('tell which part is not what its name says, and who needs it', async () => {
    const { config } = write();
    flipByte(blob(config.digest));
    expect((await check()).problems).toMatchObject([
      { kind: 'blob', digest: config.digest, missing: false, images: ['localhost/app:1'] },
    ]);
  });

  it('without a name are called by their digest', async () => {
    const { manifest, layers } = write();
    writeFileSync(join(images, 'index.json'), JSON.stringify({ schemaVersion: 2, manifests: [manifest] }));
    rmSync(blob(layers[1]?.digest ?? ''));
    expect((await check()).problems).toMatchObject([{ images: [`<none>@${manifest.digest}`] }]);
  });
});
