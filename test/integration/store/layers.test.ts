import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { beforeEach, describe, expect, test, vi } from 'vitest';
import { digestOf, hexOf } from '../../../ts/oci/digest.ts';
import { newTestStore, type TestStore } from '../../support/pulling.ts';
import { scratchDirectory } from '../../support/scratch.ts';

const scratch = scratchDirectory();
const ID = digestOf(Buffer.from('a layer'));
const MADE = { size: 4, entries: 1 };

let store: TestStore;
beforeEach(() => {
  store = newTestStore(scratch);
});

const recordPath = () => join(dirname(store.layers.path(ID)), 'layer.json');
const fill = (content: string) => async (directory: string) => {
  writeFileSync(join(directory, 'file'), content);
  return MADE;
};

/** As if the machine had been restarted since the layer was made. */
function restartMachine(): void {
  const record = JSON.parse(readFileSync(recordPath(), 'utf8')) as object;
  writeFileSync(recordPath(), JSON.stringify({ ...record, boot: 'an earlier one' }));
}

describe('making a layer', () => {
  test('it becomes visible whole, with its record', async () => {
    const info = await store.layers.create(ID, async (directory) => {
      expect(store.layers.has(ID)).toBe(false);
      return await fill('one')(directory);
    });
    expect(info).toMatchObject({ diffId: ID, ...MADE });
    expect(store.layers.info(ID)).toEqual(info);
    expect(readFileSync(join(store.layers.path(ID), 'file'), 'utf8')).toBe('one');
  });

  test('what is there is not made again', async () => {
    await store.layers.create(ID, fill('one'));
    await store.layers.create(ID, fill('two'));
    expect(readFileSync(join(store.layers.path(ID), 'file'), 'utf8')).toBe('one');
  });

  test('of several makers one works, the others wait for it', async () => {
    const work = vi.fn(fill('one'));
    const infos = await Promise.all([1, 2, 3].map(() => store.layers.create(ID, work)));
    expect(work).toHaveBeenCalledTimes(1);
    expect(new Set(infos.map(({ boot }) => boot)).size).toBe(1);
  });

  test('a failed attempt leaves nothing, and the next maker takes over', async () => {
    const failing = store.layers.create(ID, async (directory) => {
      writeFileSync(join(directory, 'half'), '');
      throw new Error('no more');
    });
    const waiting = store.layers.create(ID, fill('two'));
    await expect(failing).rejects.toThrow('no more');
    await waiting;
    expect(store.content().layers).toEqual([hexOf(ID)]);
  });

  test.each([
    ['without a record', undefined],
    ['with an empty record', ''],
    ['with another one’s record', '{"diffId":"x"}'],
  ])('a directory %s does not count and is replaced', async (_, record) => {
    mkdirSync(store.layers.path(ID), { recursive: true });
    writeFileSync(join(store.layers.path(ID), 'rubbish'), '');
    if (record !== undefined) writeFileSync(recordPath(), record);
    expect(store.layers.has(ID)).toBe(false);
    await store.layers.create(ID, fill('one'));
    expect(existsSync(join(store.layers.path(ID), 'rubbish'))).toBe(false);
  });
});

describe('the layers of an image', () => {
  test('are those for overlay topmost first, each once: it refuses a directory twice', async () => {
    const ids = ['a', 'b', 'c'].map((name) => digestOf(Buffer.from(name)));
    for (const id of ids) await store.layers.create(id, fill('one'));
    const [a = ID, b = ID, c = ID] = ids;
    const expected = [b, c, a].map((id) => store.layers.path(id));
    expect(store.layers.lowerDirectories([a, c, b])).toEqual(expected);
    expect(store.layers.lowerDirectories([a, b, b, a, c, b])).toEqual(expected);
  });

  test('end with one that hides everything below', async () => {
    const ids = ['a', 'b', 'c'].map((name) => digestOf(Buffer.from(name)));
    for (const [at, id] of ids.entries()) {
      await store.layers.create(id, async (directory) => ({
        ...(await fill('x')(directory)),
        ...(at === 1 && { opaqueRoot: true }),
      }));
    }
    expect(store.layers.lowerDirectories(ids)).toEqual(
      [...ids]
        .slice(1)
        .reverse()
        .map((id) => store.layers.path(id)),
    );
  });
});

describe('layers and the disk', () => {
  test('one that was not flushed does not survive a restart of the machine', async () => {
    await store.layers.create(ID, fill('one'));
    expect(store.layers.has(ID)).toBe(true);
    restartMachine();
    expect(store.layers.has(ID)).toBe(false);
    expect(() => store.layers.lowerDirectories([ID])).toThrow(
      expect.objectContaining({
        code: 'ERR_RCX_LAYER_NOT_FOUND',
        message: expect.stringContaining('not completely on the disk when the machine went down'),
      }),
    );
    await store.layers.create(ID, fill('two'));
    expect(store.layers.has(ID)).toBe(true);
  });

  test('one that was flushed does', async () => {
    await store.layers.create(ID, fill('one'));
    await store.layers.flush([ID]);
    restartMachine();
    expect(store.layers.lowerDirectories([ID])).toEqual([store.layers.path(ID)]);
  });

  test('flushing can be left to a process of its own', async () => {
    await store.layers.create(ID, fill('one'));
    store.layers.flushLater([ID, ID]);
    await vi.waitFor(() => expect(existsSync(join(dirname(recordPath()), 'flushed'))).toBe(true), { timeout: 20_000 });
  });
});

describe('removing a layer', () => {
  test('takes all of it; a missing one is no error', async () => {
    await store.layers.create(ID, fill('one'));
    await store.layers.remove(ID);
    await store.layers.remove(ID);
    expect(store.content().layers).toEqual([]);
  });
});
