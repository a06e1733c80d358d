import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { digestOf } from '../../../ts/oci/digest.ts';
import { parseReference } from '../../../ts/oci/reference.ts';
import type { Descriptor, ImageIndex } from '../../../ts/oci/types.ts';
import { LayoutSource } from '../../support/layoutSource.ts';
import { asGzip, asTar, writeLayout } from '../../support/layoutWriter.ts';
import { newTestStore, type TestStore } from '../../support/pulling.ts';
import { scratchDirectory } from '../../support/scratch.ts';
import { TarBuilder } from '../../support/tarBuilder.ts';

const scratch = scratchDirectory();
let store: TestStore;
let made = 0;

beforeEach(() => {
  store = newTestStore(scratch);
});

/** An image that no other test has. */
async function pullNew(name: string) {
  const directory = join(scratch, `layout-${made++}`);
  mkdirSync(directory);
  const { tag = 'latest' } = parseReference(name);
  writeLayout(directory, [new TarBuilder().file('id', String(made)).build()], { tag });
  return await store.pull(new LayoutSource(directory), name);
}

const indexPath = () => join(store.paths.images, 'index.json');
const index = () => JSON.parse(readFileSync(indexPath(), 'utf8')) as ImageIndex;

describe('finding', () => {
  test('by every spelling of its name, by digest, by ID and by the start of its ID', async () => {
    const image = await pullNew('ubuntu:24.04');
    const hex = image.id.slice('sha256:'.length);
    const spellings = [
      'ubuntu:24.04',
      'docker.io/library/ubuntu:24.04',
      'index.docker.io/ubuntu:24.04',
      `ubuntu@${image.manifest.digest}`,
      image.id,
      hex,
      hex.slice(0, 12),
      `sha256:${hex.slice(0, 4)}`,
    ];
    for (const text of spellings) expect(store.images.find(text).id, text).toBe(image.id);
  });

  test.each([
    'debian',
    'ubuntu',
    'localhost/ubuntu:24.04',
    `ubuntu@${digestOf(Buffer.from('x'))}`,
    'sha256:',
    'NOT A NAME',
    '',
  ])('what is not there: %j', async (text) => {
    await pullNew('ubuntu:24.04');
    expect(() => store.images.find(text)).toThrow(expect.objectContaining({ code: 'ERR_RCX_IMAGE_NOT_FOUND' }));
    expect(store.images.has(text)).toBe(false);
  });

  test('a name is preferred to the start of an ID', async () => {
    const first = await pullNew('one');
    const prefix = first.id.slice('sha256:'.length, 'sha256:'.length + 8);
    const second = await pullNew(prefix);
    expect(store.images.find(prefix).id).toBe(second.id);
    expect(store.images.find(`sha256:${prefix}`).id).toBe(first.id);
  });

  test('the start of several IDs is ambiguous', async () => {
    const seen = new Map<string, string>();
    for (;;) {
      const { id } = await pullNew('one');
      const digit = id.charAt('sha256:'.length);
      if (seen.has(digit)) {
        expect(() => store.images.find(`sha256:${digit}`)).toThrow(
          expect.objectContaining({ code: 'ERR_RCX_IMAGE_AMBIGUOUS' }),
        );
        return;
      }
      seen.set(digit, id);
    }
  });

  test('by its ID also where it is there in two forms: the one that has a name', async () => {
    const archive = new TarBuilder().file('id', 'two forms').build();
    const pulled = [];
    for (const compress of [asTar, asGzip]) {
      const directory = join(scratch, `layout-${made++}`);
      mkdirSync(directory);
      writeLayout(directory, [archive], { compress });
      pulled.push(await store.pull(new LayoutSource(directory), 'forms'));
    }
    const [plain, gzip] = pulled;
    expect(gzip?.id).toBe(plain?.id);
    expect(store.images.list()).toHaveLength(2);
    expect(store.images.find(plain?.id ?? '').manifest).toEqual(gzip?.manifest);
  });

  test('in a store that does not exist: nothing, and nothing is made', () => {
    expect(store.images.list()).toEqual([]);
    expect(existsSync(store.paths.images)).toBe(false);
  });
});

describe('names', () => {
  test('several for one image; each can go on its own', async () => {
    const image = await pullNew('one');
    await store.images.tag('one', parseReference('two:x'));
    await store.images.tag(image.id, parseReference('localhost:5000/three'));
    expect(store.images.list()).toHaveLength(1);
    expect(store.images.find('two:x').references).toEqual([
      'docker.io/library/one:latest',
      'docker.io/library/two:x',
      'localhost:5000/three:latest',
    ]);
    await store.images.untag('docker.io/library/one:latest');
    expect(store.images.has('one')).toBe(false);
    expect(store.images.find('two:x').id).toBe(image.id);
  });

  test('taken over, the image that had it stays, once, if it was its last', async () => {
    const first = await pullNew('one');
    const second = await pullNew('two');
    await store.images.tag('two', parseReference('one'));
    expect(store.images.find('one').id).toBe(second.id);
    expect(store.images.find(first.id).references).toEqual([]);
    expect(index().manifests).toHaveLength(3);
    await store.images.tag(first.id, parseReference('again'));
    expect(index().manifests).toHaveLength(3);
    expect(store.images.find(first.id).references).toEqual(['docker.io/library/again:latest']);
  });

  test('changes at the same time are all kept', async () => {
    await pullNew('one');
    const names = Array.from({ length: 12 }, (_, i) => `name-${i}`);
    await Promise.all(names.map((name) => store.images.tag('one', parseReference(name))));
    expect(store.images.find('one').references).toHaveLength(13);
  });
});

describe('an index that others write too', () => {
  test('entries that are no images are left alone', async () => {
    await pullNew('one');
    const foreign: Descriptor = {
      mediaType: 'application/vnd.oci.image.index.v1+json',
      digest: digestOf(Buffer.from('foreign')),
      size: 7,
      annotations: { 'org.opencontainers.image.ref.name': 'multi' },
    };
    writeFileSync(indexPath(), JSON.stringify({ ...index(), manifests: [foreign, ...index().manifests] }));
    await store.images.tag('one', parseReference('two'));
    expect(store.images.list()).toHaveLength(1);
    expect(index().manifests).toContainEqual(foreign);
  });

  test('a damaged image is left out of the list; asked for, it says what is wrong', async () => {
    const image = await pullNew('one');
    const other = await pullNew('two');
    store.blobs.remove(image.id);
    expect(store.images.list().map(({ id }) => id)).toEqual([other.id]);
    expect(() => store.images.find('one')).toThrow(expect.objectContaining({ code: 'ERR_RCX_BLOB_NOT_FOUND' }));
    await store.images.untag('docker.io/library/one:latest');
    expect(index().manifests).toHaveLength(1);
  });

  test.each(['', '{', '[]', '{"schemaVersion":2,"manifests":[{}]}'])(
    'a damaged index is an error, never an empty store: %j',
    async (text) => {
      await pullNew('one');
      writeFileSync(indexPath(), text);
      expect(() => store.images.list()).toThrow(
        expect.objectContaining({ code: 'ERR_RCX_STORE_DAMAGED', path: indexPath() }),
      );
      await expect(store.images.untag('x')).rejects.toMatchObject({ code: 'ERR_RCX_STORE_DAMAGED' });
      expect(readFileSync(indexPath(), 'utf8')).toBe(text);
    },
  );

  test('what a killed process left beside it goes with the next change', async () => {
    await pullNew('one');
    writeFileSync(join(store.paths.images, '.index.json.tmp-1-abc'), '{');
    await store.images.tag('one', parseReference('two'));
    expect(store.content().images).toEqual(['blobs', 'index.json', 'oci-layout']);
  });
});

describe('where an image comes from', () => {
  test('is still known after it was given the name that it has', async () => {
    const image = await pullNew('ubuntu:24.04');
    expect((await store.images.tag('ubuntu:24.04', parseReference('ubuntu:24.04'))).repoDigests).toEqual(
      image.repoDigests,
    );
    expect(image.repoDigests).toHaveLength(1);
  });

  test('is noted for one of its names', async () => {
    const { manifest } = await pullNew('ubuntu:24.04');
    await store.images.tag('ubuntu:24.04', parseReference('localhost/mine:1'));
    await store.images.setSource(parseReference('localhost/mine:1'), manifest.digest, manifest.digest);
    expect(store.images.find('localhost/mine:1').repoDigests).toContain(`localhost/mine@${manifest.digest}`);
  });

  test('is not noted for a name that has become another image’s', async () => {
    const { manifest } = await pullNew('ubuntu:24.04');
    const next = await pullNew('ubuntu:24.10');
    await store.images.tag('ubuntu:24.10', parseReference('ubuntu:24.04'));
    await store.images.setSource(parseReference('ubuntu:24.04'), manifest.digest, digestOf(Buffer.from('pushed')));
    expect(store.images.find('ubuntu:24.04')).toMatchObject({ id: next.id, repoDigests: next.repoDigests });
  });
});
