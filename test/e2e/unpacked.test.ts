import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { execa } from 'execa';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { Engine } from '../../ts/engine.ts';
import { newStore, type Store } from '../support/cli.ts';
import { copyImage } from '../support/images.ts';
import { withUnion } from '../support/overlay.ts';
import { readTree, type Tree } from '../support/tree.ts';

let store: Store;
beforeAll(async () => {
  store = await newStore();
});
afterAll(() => store.close());

/** What umoci makes of the image in the registry. */
async function unpackedByUmoci(image: string): Promise<Tree> {
  const layout = join(store.folder, `${image}.oci`);
  await copyImage(`docker://${inject('e2e').registry}/library/${image}:latest`, `oci:${layout}:latest`);
  const bundle = join(store.folder, `${image}.bundle`);
  await execa('umoci', ['unpack', '--image', `${layout}:latest`, bundle]);
  return readTree(join(bundle, 'rootfs'));
}

/** What a container of the image finds, without what rcx adds. */
async function unpackedByRcx(image: string): Promise<Tree> {
  await store.ok(['pull', '--quiet', image]);
  const engine = new Engine({ root: store.root, run: store.env.RCX_RUN });
  return await withUnion(store.folder, engine.layersOf(engine.images.find(image)), readTree);
}

describe('a pulled image', () => {
  it.each(['ubuntu', 'layered'])('has the files that umoci unpacks, to the last attribute: %s', async (image) => {
    const [expected, actual] = [await unpackedByUmoci(image), await unpackedByRcx(image)];
    expect(Object.keys(expected).length).toBeGreaterThan(4000);
    const paths = [...new Set([...Object.keys(expected), ...Object.keys(actual)])];
    const different = paths.filter((path) => JSON.stringify(expected[path]) !== JSON.stringify(actual[path]));
    expect(different.map((path) => ({ path, umoci: expected[path], rcx: actual[path] })).slice(0, 10)).toEqual([]);
  });

  it('is one in which everything occurs that layers can get wrong', async () => {
    const tree = await unpackedByRcx('layered');
    const at = (path: string) => tree[`data/${path}`];
    expect(at('gone') ?? at('deleted/sub/file') ?? at('opaque/sub') ?? at('hard-b')).toBeUndefined();
    expect([at('becomes-directory'), at('becomes-file'), at('becomes-link'), at('replaced')]).toMatchObject([
      { type: 'directory' },
      { type: 'file' },
      { type: 'symlink' },
      { type: 'file' },
    ]);
    expect(at('kept/hard-c')).toMatchObject({ sameAs: 'data/hard-a' });
    expect(at('capable')?.xattrs).toHaveProperty(['security.capability']);
    expect(at('kept/file')?.xattrs).toHaveProperty(['user.colour']);
    expect([at('setuid'), at('sticky'), at('device'), at('block')]).toMatchObject([
      { mode: '4755' },
      { mode: '1777' },
      { device: '1:3' },
      { device: '7:200' },
    ]);
  });

  it('can be read out of the store by skopeo and umoci', async () => {
    const layout = join(store.root, 'images');
    const name = 'docker.io/library/layered:latest';
    const { stdout } = await execa('skopeo', ['inspect', '--config', `oci:${layout}:${name}`]);
    expect(JSON.parse(stdout)).toMatchObject({ config: { Labels: { 'org.example.made-by': 'buildah' } } });
    const { stdout: listed } = await execa('umoci', ['ls', '--layout', layout]);
    expect(listed.split('\n').sort()).toEqual(['docker.io/library/layered:latest', 'docker.io/library/ubuntu:latest']);
    const copy = join(store.folder, 'copy');
    mkdirSync(copy);
    await copyImage(`oci:${layout}:${name}`, `dir:${copy}`);
  });
});
